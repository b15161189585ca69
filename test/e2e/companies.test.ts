/** Which companies are synced and what has become of their records, as an operator asks: `company`, `sync status`, HTTP. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDatabase, type TestDatabase } from "../postgres.ts";
import { putRecord } from "../store/sync/any-record.ts";
import { endLeftovers, execute, executeJson, startRun } from "./executable.ts";

let database: TestDatabase;
let folder: string;
let env: Record<string, string>;
/** With a source. */
let sourced: Record<string, string>;

beforeAll(async () => {
  database = await createDatabase();
  folder = mkdtempSync(join(tmpdir(), "fiscaut-tasks-companies-"));
  await Bun.write(
    join(folder, "geempre.csv"),
    "codi_emp;cgce_emp;razao_emp\n1;33.000.167/0001-01;PETROBRÁS\n2;47960950000121;MAGAZINE\n3;47960950000122;MÁ\n",
  );
  env = { DATABASE_URL: database.url };
  sourced = { ...env, FISCAUT_SOURCE: `csv:${folder}` };
});
afterAll(async () => {
  await endLeftovers();
  await database.drop();
  rmSync(folder, { recursive: true });
});

describe("company", () => {
  test("enable takes what the source has, all or none of those that are named, and may be repeated", async () => {
    const typo = await execute(["company", "enable", "1", "9"], sourced);
    expect(typo).toMatchObject({ exitCode: 1, stdout: "no company is enabled\n" });
    expect(typo.stderr).toBe("error: the source has no company 9\nTry: fiscaut-tasks source companies\n");
    expect((await execute(["company", "enable", "1"], sourced)).stdout).toBe("company 1 is enabled\n");
    expect(await executeJson<object>(["company", "enable", "2", "1", "2"], sourced)).toEqual({
      changed: [2],
      unchanged: [1],
      refused: [],
    });
  }, 20_000);

  test("enable --all takes those that can be sent, and ends with 1 for the others", async () => {
    const { exitCode, stdout, stderr } = await execute(["company", "enable", "--all"], sourced);
    expect(stdout).toBe("companies 1, 2 were enabled before\n");
    expect(stderr).toContain(
      "company 3 MÁ: CNPJ 47960950000122 ends in check digits 22, where 21 are right\nTry: correct cgce_emp",
    );
    expect(exitCode).toBe(1);
  });

  test("list shows the source's too, and what is known when that can't be read", async () => {
    await execute(["company", "enable", "7"], env);
    const { stdout } = await execute(["company", "list"], sourced);
    expect(stdout).toMatch(/^1 +33000167000101 +yes +0 +0 +0 +0 +PETROBRÁS +-$/m);
    expect(stdout).toMatch(/^3 +47960950000122 +no .* MÁ +CNPJ 47960950000122 ends in check digits 22/m);
    expect(stdout).toMatch(/^7 +- +yes .* not in the source$/m);
    const away = await execute(["company", "list", "--enabled"], { ...env, FISCAUT_SOURCE: "csv:/nowhere" });
    expect(away.stdout).toMatch(/^COMPANY .*\n1 .*\n2 .*\n7 .*\n$/);
    expect(away.stderr).toContain("only the companies that are known are listed");
    expect(away.exitCode).toBe(0);
  }, 20_000);

  test("disable names what has changed, of all that are enabled too", async () => {
    const { stdout } = await execute(["company", "disable", "7", "5"], env);
    expect(stdout).toBe("company 7 is disabled; company 5 was not enabled\n");
    expect(await executeJson<object>(["company", "disable", "--all"], env)).toMatchObject({
      changed: [1, 2],
    });
    expect(await executeJson<object[]>(["company", "list", "--enabled"], env)).toEqual([]);
  }, 20_000);

  const wrong: [string, string[], string][] = [
    ["no company at all", ["enable"], "takes the codes of companies, or --all"],
    ["codes beside --all", ["disable", "1", "--all"], "exclude each other"],
    ["a code that is none", ["enable", "1a"], `CODE: "1a" is not a whole number`],
    ["all of no source", ["enable", "--all"], "--all means the companies of the source, and there is none"],
  ];
  for (const [what, words, message] of wrong)
    test(`refuses ${what} with exit code 2`, async () => {
      const { exitCode, stderr } = await execute(["company", ...words], env);
      expect(stderr).toContain(message);
      expect(exitCode).toBe(2);
    });
});

describe("sync status", () => {
  beforeAll(async () => {
    const words = "supplier 00002 SÃO JOÃO: CNPJ 47960950000122 ends in check digits 22, where 21 are right";
    const content = { nome_fornecedor: "SÃO JOÃO" };
    const { store } = database;
    const at = "2026-11-03T00:00:00Z";
    await putRecord(store, { code: "00001", status: "synced", httpStatus: 201, attemptedAt: at, content });
    await putRecord(store, { code: "00002", status: "skipped", skipReason: "bad_document", message: words });
    await putRecord(store, { code: "00003", status: "in_progress", taskId: 17 });
    await putRecord(store, { company: 2, kind: "account", code: "1.1", status: "not_synced" });
  });

  test("without a filter has totals", async () => {
    const { stdout } = await execute(["sync", "status"], env);
    expect(stdout).toMatch(
      /^1 +suppliers +1 +0 +0 +1 +1 +0\n2 +accounts +0 +0 +1 +0 +0 +0\nall +all +1 +0 +1 +1 +1 +0$/m,
    );
    expect(await executeJson<object>(["sync", "status"], env)).toMatchObject({
      total: { synced: 1, error: 1, skipped: 1, not_synced: 1 },
    });
  });

  test("with a filter has a record a line, why and what to do next, page by page", async () => {
    const page = await execute(["sync", "status", "--company", "1", "--limit", "2"], env);
    expect(page.stdout).toMatch(
      /^1 +supplier +00002 +skipped .*CNPJ 47960950000122 ends in check digits 22, where 21 are right$/m,
    );
    expect(page.stdout).toContain(
      "skipped: correct it in the accounting database, then: fiscaut-tasks sync all --company 1\n",
    );
    const after = /--after "([^"]+)"/.exec(page.stdout)?.[1] ?? "";
    const next = await execute(["sync", "status", "--company", "1", "--after", after], env);
    expect(next.stdout).toMatch(/^1 +supplier +00003 +error +- +- +17 +RECORD 00003 +its task 17 is gone$/m);
    expect(await executeJson<object>(["sync", "status", "--status", "missing"], env)).toEqual({
      records: [],
      next: null,
    });
  }, 20_000);

  test("of one record has all, and 1 where there is none", async () => {
    const one = ["sync", "status", "--company", "1", "--kind", "suppliers", "--code"];
    const { stdout } = await execute([...one, "00001"], env);
    expect(stdout).toMatch(/^status +synced$/m);
    expect(stdout).toMatch(/^content +\{\n +"nome_fornecedor": "SÃO JOÃO"\n +\}$/m);
    expect(await executeJson<object>([...one, "00003"], env)).toMatchObject({ status: "error", taskId: 17 });
    const none = await execute([...one, "1"], env);
    expect(none).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("has no record 1 among its suppliers"),
    });
  }, 20_000);

  test("refuses bad input with exit code 2, naming each fault", async () => {
    const { exitCode, stderr } = await execute(["sync", "status", "--kind", "x", "--limit", "0"], env);
    expect(stderr).toContain("kind: expected one of accounts, customers, suppliers, accumulators; limit: ");
    expect(exitCode).toBe(2);
  });
});

test("a worker serves the same, with its own source", async () => {
  const worker = await startRun([], sourced);
  const ask = async (path: string, method = "GET") => {
    const response = await fetch(`${worker.url}${path}`, {
      method,
      ...(method === "POST" && { body: "{}", headers: { "content-type": "application/json" } }),
    });
    return [response.status, await response.json()];
  };
  expect(await ask("/companies/1/enable", "POST")).toEqual([
    200,
    { company: 1, enabled: true, changed: true },
  ]);
  expect(await ask("/companies/9/enable", "POST")).toMatchObject([
    404,
    { detail: "the source has no company 9" },
  ]);
  expect(await ask("/companies?source=true")).toMatchObject([
    200,
    {
      companies: [
        { company: 1, enabled: true, records: { synced: 1 } },
        {},
        { company: 3, enabled: false },
        {},
      ],
    },
  ]);
  expect(await ask("/sync/records?status=skipped")).toMatchObject([
    200,
    { records: [{ code: "00002", skipReason: "bad_document" }], next: null },
  ]);
  expect(await worker.stop()).toBe(0);
}, 60_000);
