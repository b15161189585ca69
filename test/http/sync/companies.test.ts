/** Companies over HTTP: what is listed of them, and which may be enabled where the worker has a source. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { enableCompanies } from "../../../src/store/sync/companies.ts";
import type { SourceCompany } from "../../../src/task/doors/company.ts";
import { OperatorError } from "../../../src/task/errors.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";
import { putRecord } from "../../store/sync/any-record.ts";
import { buildApp, postJson } from "../app-under-test.ts";
import type { Body } from "../tasks/task-steps.ts";

const fault = "CNPJ 33000167000102 ends in check digits 02, where 01 are right";
const ofSource: SourceCompany[] = [
  { code: 1, document: "33000167000101", name: "UM", fault: null },
  { code: 2, document: "33000167000102", name: "DOIS", fault },
];

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterEach(async () => {
  await database.store.sql`truncate fiscaut_tasks.company, fiscaut_tasks.sync_record`;
});
afterAll(() => database.drop());

async function ask(path: string, readCompanies?: () => Promise<SourceCompany[]>) {
  const app = buildApp(database.store, { readCompanies });
  const response = await app.request(path, path.endsWith("able") ? postJson({}) : {});
  return { status: response.status, body: (await response.json()) as Body };
}
const readSource = async () => ofSource;
const none = { not_synced: 0, in_progress: 0, synced: 0, error: 0, skipped: 0, missing: 0 };

describe("GET /companies", () => {
  test("shows those that are known with the counts of their records, over all kinds", async () => {
    await enableCompanies(database.store, [{ code: 1, document: "33000167000101", name: "UM" }, { code: 7 }]);
    await putRecord(database.store, { code: "1", status: "synced" });
    await putRecord(database.store, { code: "1", kind: "account", status: "synced" });
    await putRecord(database.store, { code: "2", status: "in_progress", taskId: 9 });
    const known = { company: 1, document: "33000167000101", name: "UM", enabled: true, fault: null };
    const other = { company: 7, document: null, name: null, enabled: true, fault: null, records: none };
    expect(await ask("/companies")).toEqual({
      status: 200,
      body: {
        companies: [
          { ...known, inSource: null, records: { ...none, synced: 2, error: 1 } },
          { ...other, inSource: null },
        ],
      },
    });
  });

  test("with source=true shows the source's too, and which are not there", async () => {
    await enableCompanies(database.store, [{ code: 7 }]);
    const { body } = await ask("/companies?source=true", readSource);
    expect(body.companies).toMatchObject([
      { company: 1, name: "UM", enabled: false, inSource: true, fault: null },
      { company: 2, enabled: false, inSource: true, fault },
      { company: 7, enabled: true, inSource: false },
    ]);
    const { body: enabled } = await ask("/companies?source=true&enabled=true", readSource);
    expect(enabled.companies.map(({ company }: Body) => company)).toEqual([7]);
  });

  test("is refused what it does not know, and a source that there is not", async () => {
    expect(await ask("/companies?enabled=yes")).toMatchObject({ status: 400 });
    expect(await ask("/companies?source=true")).toMatchObject({
      status: 409,
      body: { detail: "this worker has no source", hint: expect.stringContaining("FISCAUT_SOURCE") },
    });
  });
});

describe("POST /companies/N/enable and /disable", () => {
  test("tell what has changed, and may be repeated", async () => {
    expect((await ask("/companies/1/enable", readSource)).body).toEqual({
      company: 1,
      enabled: true,
      changed: true,
    });
    expect((await ask("/companies/1/enable", readSource)).body.changed).toBe(false);
    expect((await ask("/companies")).body.companies).toMatchObject([{ name: "UM", enabled: true }]);
    expect((await ask("/companies/1/disable")).body).toEqual({ company: 1, enabled: false, changed: true });
    expect((await ask("/companies/1/disable")).body.changed).toBe(false);
  });

  test("without a source take any code", async () => {
    expect(await ask("/companies/5/enable")).toMatchObject({ status: 200, body: { changed: true } });
  });

  const refused: [string, string, number, string][] = [
    ["a company that the source lacks", "/companies/9/enable", 404, "the source has no company 9"],
    ["one whose CNPJ is bad", "/companies/2/enable", 409, `company 2 DOIS: ${fault}`],
    ["a code that is none", "/companies/1a/enable", 400, "company: expected a whole number"],
    ["a code of 0", "/companies/0/disable", 400, "company: expected a whole number"],
  ];
  for (const [what, path, status, detail] of refused)
    test(`refuse ${what}, and change nothing`, async () => {
      const answer = await ask(path, readSource);
      expect(answer).toMatchObject({ status, body: { detail: expect.stringContaining(detail) } });
      expect((await ask("/companies")).body.companies).toEqual([]);
    });

  test("tell a source that can't be read in its own words, not as the tasks' database", async () => {
    const away = async () => {
      throw new OperatorError("unavailable", "the source at h:1/d can't be reached", { hint: "start it" });
    };
    expect(await ask("/companies/1/enable", away)).toMatchObject({
      status: 503,
      body: { detail: "the source at h:1/d can't be reached", hint: "start it" },
    });
  });
});
