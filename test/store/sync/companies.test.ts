/** Which companies are synced, and what is told of them. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  disableCompanies,
  enableCompanies,
  findNotEnabled,
  listCompanies,
  listEnabledCompanies,
} from "../../../src/store/sync/companies.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

test("enabling tells which were not, and keeps the name that is known", async () => {
  const { store } = database;
  expect(await enableCompanies(store, [{ code: 2, document: "33000167000101", name: "DOIS" }])).toEqual([2]);
  expect(await enableCompanies(store, [{ code: 7 }, { code: 2 }, { code: 7 }])).toEqual([7]);
  expect(await listCompanies(store)).toEqual([
    { code: 2, enabled: true, document: "33000167000101", name: "DOIS", changedAt: expect.any(Date) },
    { code: 7, enabled: true, document: null, name: null, changedAt: expect.any(Date) },
  ]);
  expect(await findNotEnabled(store, [1, 2, 7])).toEqual([1]);
});

test("disabling tells which were enabled, and forgets no company", async () => {
  const { store } = database;
  await enableCompanies(store, [{ code: 3 }, { code: 11 }]);
  expect(await disableCompanies(store, [11, 3, 99])).toEqual([3, 11]);
  expect(await disableCompanies(store, [3])).toEqual([]);
  expect(await listEnabledCompanies(store)).not.toContain(3);
  expect((await listCompanies(store)).map(({ code }) => code)).toContain(3);
  expect(await enableCompanies(store, [{ code: 3 }])).toEqual([3]);
});
