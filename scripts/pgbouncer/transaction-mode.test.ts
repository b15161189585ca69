/**
 * The executable behind PgBouncer in transaction mode, as operators have it: nothing of its configuration is ours.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { endLeftovers, executeJson, startRun } from "../../test/e2e/executable.ts";
import { createDatabase, type TestDatabase } from "../../test/postgres.ts";
import { until } from "../../test/until.ts";
import { type PgBouncer, startPgBouncer } from "./pgbouncer.ts";
import { layPgbouncerRoot } from "./pgbouncer-root.ts";

const exports = new URL("../demo/data", import.meta.url).pathname;

describe.each([
  ["as Debian sets it", ""],
  ["one that keeps no prepared statements, as before 1.21", "max_prepared_statements = 0"],
  [
    "one that ignores the settings it does not know",
    "ignore_startup_parameters = enable_seqscan,jit,statement_timeout,extra_float_digits",
  ],
])("PgBouncer %s", (_, settings) => {
  let database: TestDatabase;
  let pgbouncer: PgBouncer;
  let env: { DATABASE_URL: string };
  beforeAll(async () => {
    database = await createDatabase();
    pgbouncer = await startPgBouncer(await layPgbouncerRoot(() => {}), database.url, settings);
    env = { DATABASE_URL: pgbouncer.url };
  }, 120_000);
  afterAll(async () => {
    await endLeftovers();
    await pgbouncer.stop();
    await database.drop();
  });

  test("commands and a worker do all they do, by polling", async () => {
    await database.store.sql`drop schema fiscaut_tasks cascade`;
    const worker = await startRun(["--poll-interval", "200ms"], env);
    expect((await worker.line("fiscaut-tasks "))["notifications"]).toBe("none: a pooler stands between");
    const lines = Array.from({ length: 3_000 }, (_, n) =>
      JSON.stringify({ name: "nobody.has", payload: n, ...(n % 100 === 0 && { key: `k${n}` }) }),
    );
    await executeJson(["enqueue", "--stdin-ndjson", "--title", "many"], env, lines.join("\n"));
    await executeJson(["queue", "limit", "narrow", "--max-running", "2", "--rate", "100/1s"], env);
    await executeJson(["company", "enable", "1"], env);
    const payload = JSON.stringify({ company: 1, source: `csv:${exports}` });
    const ids: number[] = [];
    for (const flags of [
      [],
      ["--queue", "narrow"],
      ["--queue", "narrow", "--serial-key", "one"],
      ["--delay", "1s"],
    ])
      ids.push(
        (await executeJson<{ id: number }>(["enqueue", "fiscaut.sync-suppliers", payload, ...flags], env)).id,
      );
    await until(async () => {
      const rows = await database.store
        .sql`select 1 from fiscaut_tasks.task_history where id = any(${ids}::bigint[]) and state = 'succeeded'`;
      return rows.length === ids.length;
    }, 30_000);
    const health = await fetch(`${worker.url}/health`);
    expect([health.status, ((await health.json()) as { status: string }).status]).toEqual([200, "pass"]);
    await executeJson(["cancel", "--name", "nobody.has"], env);
    await executeJson(["delete", "--name", "nobody.has", "--state", "cancelled"], env);
    expect(await worker.stop()).toBe(0);
    expect(worker.lines.filter(({ level }) => level === "error")).toEqual([]);
    const [left] = await database.store.sql`select count(*) as n from fiscaut_tasks.worker`;
    expect(Number(left?.["n"])).toBe(0);
  }, 90_000);
});
