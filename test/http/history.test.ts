/** Pruning over HTTP. What is dropped, and how, is the store's, and tested there. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { keepForever } from "../keep-forever.ts";
import { addOldWeek, oldWeek } from "../old-week.ts";
import { createDatabase, type TestDatabase } from "../postgres.ts";
import { buildApp } from "./app-under-test.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

async function prune(query: string, retention = { ...keepForever, cancelled: 86_400_000 }) {
  const response = await buildApp(database.store, { retention }).request(`/history/prune${query}`, {
    method: "POST",
  });
  return { status: response.status, body: await response.json() };
}

test("POST /history/prune drops what is past the worker's retention, and tells it first when asked", async () => {
  await addOldWeek(database.store);
  const dropped = [{ ...oldWeek, rows: 0, bytes: expect.any(Number) }];
  expect(await prune("", keepForever)).toMatchObject({ status: 200, body: { dryRun: false, dropped: [] } });
  expect(await prune("?dryRun=true")).toMatchObject({ status: 200, body: { dryRun: true, dropped } });
  expect(await prune("")).toMatchObject({ status: 200, body: { dryRun: false, dropped } });
  expect(await prune("")).toMatchObject({ body: { dropped: [] } });
});

test("POST /history/prune refuses what it does not know", async () => {
  expect(await prune("?dryRun=yes")).toMatchObject({ status: 400 });
  expect(await prune("?dry-run=true")).toMatchObject({ status: 400 });
});
