/** What has become of the records: totals, lists and all of one, a lost task's record included. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { enableCompanies } from "../../../src/store/sync/companies.ts";
import { countRecords, findRecord, listRecords } from "../../../src/store/sync/records.ts";
import { checkRecordListing, formatCursor } from "../../../src/task/doors/record-listing.ts";
import { pivotCounts, type ShownStatus, shownStatuses } from "../../../src/task/sync/shown-record.ts";
import { createSteps, type Steps } from "../../http/tasks/task-steps.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";
import { type AnyRecord, putRecord } from "./any-record.ts";

let database: TestDatabase;
let steps: Steps;
beforeAll(async () => {
  database = await createDatabase();
  steps = await createSteps(database.store);
});
afterEach(async () => {
  await database.store.sql`
    truncate fiscaut_tasks.sync_record, fiscaut_tasks.company, fiscaut_tasks.task, fiscaut_tasks.task_history`;
});
afterAll(() => database.drop());

const put = async (...records: AnyRecord[]) => {
  for (const record of records) await putRecord(database.store, record);
};
const enqueue = () => steps.enqueue({ name: "send" });
const list = async (filter: Record<string, string> = {}) => {
  const { limit, ...checked } = checkRecordListing(filter);
  return await listRecords(database.store, checked, limit);
};
const codes = async (filter: Record<string, string> = {}) => (await list(filter)).map(({ code }) => code);

/** One of each shown status, `error` both as an attempt and as a lost task leave it. */
async function putOneOfEach() {
  await put(
    { code: "synced", status: "synced", attemptedAt: "2026-11-10T00:00:00Z", httpStatus: 201 },
    { code: "waiting", status: "in_progress", taskId: await enqueue(), changedAt: "2026-11-09T00:00:00Z" },
    { code: "refused", status: "error", attemptedAt: "2026-11-08T00:00:00Z", message: "422 no", taskId: 5 },
    { code: "lost", status: "in_progress", taskId: 999, changedAt: "2026-11-07T00:00:00Z" },
    { code: "bad", status: "skipped", skipReason: "bad_document", changedAt: "2026-11-06T00:00:00Z" },
    { code: "new", status: "not_synced", changedAt: "2026-11-05T00:00:00Z" },
    { code: "deleted", status: "synced", missingSince: "2026-11-11T00:00:00Z" },
    { code: "deleted-lost", status: "in_progress", taskId: 998, missingSince: "2026-11-03T00:00:00Z" },
  );
}

test("without a filter all are listed, what happened last first", async () => {
  await putOneOfEach();
  expect((await list()).map(({ code, status }) => [code, status])).toEqual([
    ["deleted", "missing"],
    ["synced", "synced"],
    ["waiting", "in_progress"],
    ["refused", "error"],
    ["lost", "error"],
    ["bad", "skipped"],
    ["new", "not_synced"],
    ["deleted-lost", "missing"],
  ]);
});

test("each status lists its own, and all statuses together each record once", async () => {
  await putOneOfEach();
  const found: [ShownStatus, string[]][] = [];
  for (const status of shownStatuses) found.push([status, await codes({ status })]);
  expect(Object.fromEntries(found)).toEqual({
    not_synced: ["new"],
    in_progress: ["waiting"],
    synced: ["synced"],
    error: ["refused", "lost"],
    skipped: ["bad"],
    missing: ["deleted", "deleted-lost"],
  });
});

test("totals agree with the lists, by company and kind", async () => {
  await putOneOfEach();
  await put(
    { company: 2, code: "1", status: "synced" },
    { company: 2, code: "2", status: "synced" },
    { company: 2, kind: "account", code: "1", status: "in_progress", taskId: 7 },
  );
  const none = { not_synced: 0, in_progress: 0, synced: 0, error: 0, skipped: 0, missing: 0 };
  const ofSecond = [
    { company: 2, kind: "account" as const, counts: { ...none, error: 1 } },
    { company: 2, kind: "supplier" as const, counts: { ...none, synced: 2 } },
  ];
  expect(pivotCounts(await countRecords(database.store))).toEqual([
    {
      company: 1,
      kind: "supplier",
      counts: { not_synced: 1, in_progress: 1, synced: 1, error: 2, skipped: 1, missing: 2 },
    },
    ...ofSecond,
  ]);
  expect(pivotCounts(await countRecords(database.store, { company: 2 }))).toEqual(ofSecond);
});

test("filters narrow each status alike, a code among a company's kinds", async () => {
  await putOneOfEach();
  await put(
    { company: 2, code: "lost", status: "error", attemptedAt: "2026-11-02T00:00:00Z" },
    { company: 1, kind: "customer", code: "lost", status: "in_progress", taskId: 997 },
  );
  expect(await codes({ status: "error", company: "2" })).toEqual(["lost"]);
  expect((await list({ status: "error", kind: "customers" })).map(({ company }) => company)).toEqual([1]);
  expect((await list({ company: "1", code: "lost" })).map(({ kind }) => kind)).toEqual([
    "supplier",
    "customer",
  ]);
  expect(await codes({ company: "3" })).toEqual([]);
});

describe("a page", () => {
  test("goes on where the one before ended, also among records of one instant", async () => {
    for (let n = 1; n <= 5; n++) await put({ code: `0${n}`, status: "skipped" });
    await put(
      { code: "06", status: "in_progress", taskId: 3 },
      { company: 2, kind: "account", code: "01", status: "error" },
      { company: 2, code: "a,b", status: "error", attemptedAt: "2026-11-02T10:00:00.123456Z" },
    );
    const walk = async (filter: Record<string, string>) => {
      const seen: string[] = [];
      for (let after: string | undefined; ; ) {
        const page = await list({ ...filter, limit: "2", ...(after === undefined ? {} : { after }) });
        seen.push(...page.map(({ company, code }) => `${company} ${code}`));
        const last = page.at(-1);
        if (last === undefined) return seen;
        after = formatCursor(last.cursor);
      }
    };
    expect(await walk({})).toEqual(["2 a,b", "1 01", "1 02", "1 03", "1 04", "1 05", "1 06", "2 01"]);
    expect(await walk({ status: "error" })).toEqual(["2 a,b", "1 06", "2 01"]);
    expect(await walk({ status: "skipped", company: "1" })).toEqual(["1 01", "1 02", "1 03", "1 04", "1 05"]);
  });
});

describe("a record whose task ended without it", () => {
  const messageAfter = async (taskId: number | undefined, message?: string) => {
    await put({ code: "1", status: "in_progress", ...(taskId && { taskId }), ...(message && { message }) });
    const [record] = await list({ status: "error" });
    return record?.message;
  };

  test("tells that it failed, and its error", async () => {
    const id = await enqueue();
    await steps.runOnce("send", { kind: "failed", error: { message: "timed out after 5m", stack: null } });
    expect(await messageAfter(id, "503 Bad gateway")).toBe(
      `its task ${id} failed: timed out after 5m; its last attempt: 503 Bad gateway`,
    );
  });

  test("tells that it was cancelled", async () => {
    const id = await enqueue();
    await steps.runOnce("send", { kind: "cancelled" });
    expect(await messageAfter(id)).toBe(`its task ${id} was cancelled`);
  });

  test("tells that it is gone", async () => {
    const id = await enqueue();
    await database.store.sql`delete from fiscaut_tasks.task where id = ${id}`;
    expect(await messageAfter(id)).toBe(`its task ${id} is gone`);
  });
});

test("all of one record has its content and the API's answer, and its company's name once that is read", async () => {
  const key = { company: 1, kind: "supplier", code: "00001" } as const;
  const content = { cnpj_empresa: "33000167000101", nome_fornecedor: "SÃO JOÃO" };
  await put({
    ...key,
    status: "error",
    httpStatus: 422,
    message: "422 bad",
    response: "{}",
    content,
    taskId: 4,
  });
  expect(await findRecord(database.store, key)).toMatchObject({
    ...key,
    companyName: null,
    status: "error",
    httpStatus: 422,
    message: "422 bad",
    taskId: 4,
    content,
    response: "{}",
  });
  await enableCompanies(database.store, [{ code: 1, name: "EMPRESA" }]);
  expect(await findRecord(database.store, key)).toMatchObject({ companyName: "EMPRESA" });
  expect(await findRecord(database.store, { ...key, code: "1" })).toBeUndefined();
});
