/**
 * What has become of the records, over HTTP: totals, pages of a list, all of one. What is counted and found is the store's.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createDatabase, type TestDatabase } from "../../postgres.ts";
import { putRecord } from "../../store/sync/any-record.ts";
import { buildApp } from "../app-under-test.ts";
import { type Body, instantPattern } from "../tasks/task-steps.ts";

let database: TestDatabase;
let app: ReturnType<typeof buildApp>;
beforeAll(async () => {
  database = await createDatabase();
  app = buildApp(database.store);
  const bad = { status: "skipped", skipReason: "bad_document", message: "supplier 2 X: CNPJ 1 ..." } as const;
  const { store } = database;
  await putRecord(store, {
    code: "A/1 é",
    status: "error",
    attemptedAt: "2026-11-03T00:00:00Z",
    httpStatus: 422,
  });
  await putRecord(store, { code: "2", ...bad });
  await putRecord(store, { code: "3", ...bad });
  await putRecord(store, { company: 2, kind: "account", code: "1", status: "synced", response: "{}" });
});
afterAll(() => database.drop());

async function ask(path: string) {
  const response = await app.request(path);
  return { status: response.status, body: (await response.json()) as Body };
}
const none = { not_synced: 0, in_progress: 0, synced: 0, error: 0, skipped: 0, missing: 0 };

test("GET /sync has totals by company and kind, and over all", async () => {
  const second = { company: 2, kind: "account", ...none, synced: 1 };
  expect(await ask("/sync")).toEqual({
    status: 200,
    body: {
      total: { ...none, error: 1, skipped: 2, synced: 1 },
      kinds: [{ company: 1, kind: "supplier", ...none, error: 1, skipped: 2 }, second],
    },
  });
  expect((await ask("/sync?company=2")).body.kinds).toEqual([second]);
});

describe("GET /sync/records", () => {
  test("filters, and pages to the end by the addresses that it tells", async () => {
    const first = (await ask("/sync/records?company=1&kind=suppliers&limit=2")).body;
    expect(first.records).toMatchObject([
      {
        company: 1,
        kind: "supplier",
        code: "A/1 é",
        status: "error",
        httpStatus: 422,
        attemptedAt: expect.stringMatching(instantPattern),
      },
      { code: "2", status: "skipped", skipReason: "bad_document", message: "supplier 2 X: CNPJ 1 ..." },
    ]);
    const second = (await ask(first.next)).body;
    expect([second.records.map(({ code }: Body) => code), second.next]).toEqual([["3"], null]);
    expect((await ask("/sync/records?status=synced")).body.records).toMatchObject([{ company: 2 }]);
    const bare = await ask("/sync/records?limit=1");
    expect((await ask(bare.body.next)).body.records).toHaveLength(1);
  });

  const wrong: [string, string, string][] = [
    ["a status that there is not", "status=bad", "status: "],
    ["a kind that there is not", "kind=invoices", "kind: expected one of accounts, customers"],
    ["a company that is no number", "company=x", "company: expected a whole number"],
    ["a limit out of bounds", "limit=501", "limit: expected a whole number from 1 to 500"],
    ["a cursor that is none", "after=17", "after: expected the cursor of a page"],
    ["a cursor with no such day", "after=2026-13-40T00:00:00.000000Z,1,supplier,2", "after: expected"],
    ["a code without its company", "code=2", "a code is one of a company's"],
    ["a parameter that it does not know", "name=x", "name"],
  ];
  for (const [what, query, detail] of wrong)
    test(`refuses ${what} with 400`, async () => {
      const { status, body } = await ask(`/sync/records?${query}`);
      expect([status, body.detail]).toEqual([400, expect.stringContaining(detail)]);
    });
});

describe("GET /sync/records/COMPANY/KIND/CODE", () => {
  test("has all of one, the API's answer and what to do about it too", async () => {
    const path = `/sync/records/1/suppliers/${encodeURIComponent("A/1 é")}`;
    expect((await ask(path)).body).toMatchObject({
      code: "A/1 é",
      content: null,
      response: null,
      hint: expect.stringContaining("fiscaut-tasks sync all --company 1"),
    });
    expect((await ask("/sync/records/2/account/1")).body).toMatchObject({ response: "{}", hint: null });
  });

  test("is 404 for one that there is not, and for a kind that there is not", async () => {
    expect((await ask("/sync/records/1/suppliers/99")).body.detail).toBe(
      "company 1 has no record 99 among its suppliers",
    );
    for (const path of ["1/invoices/2", "x/suppliers/2", "1/customers/2"])
      expect((await ask(`/sync/records/${path}`)).status).toBe(404);
  });
});
