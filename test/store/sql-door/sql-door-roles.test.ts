/** Who may use the SQL door, and what it shows: a role that may enqueue and look, and nothing else. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readExample } from "../../../scripts/clients/readme-blocks.ts";
import { driverCodeOf } from "../../../src/store/connection.ts";
import type { Sql } from "../../../src/store/sql.ts";
import { again } from "../enqueue/once-bed.ts";
import { createSqlDoorBed } from "./sql-door-bed.ts";

const { bed, enqueue } = createSqlDoorBed();

describe("a role", () => {
  const as = <Result>(role: string, work: (sql: Sql) => Promise<Result>) =>
    bed.store.sql.begin(async (transaction) => {
      const sql = transaction as unknown as Sql;
      await sql`set local role ${sql(role)}`;
      return await work(sql);
    }) as Promise<Result>;
  beforeAll(async () => {
    // Roles are the server's, which the tests share: of this file alone, and gone with it.
    await bed.store.sql.unsafe(`
      create role door_application; create role door_stranger;
      grant usage on schema fiscaut_tasks to door_stranger;
      ${readExample("sql", "grant ").replaceAll("to application", "to door_application")}`);
  });
  afterAll(async () => {
    await bed.store.sql.unsafe(`
      drop owned by door_application, door_stranger; drop role door_application, door_stranger`);
  });

  test("that was granted it enqueues by every rule, and sees what becomes of tasks", async () => {
    await as("door_application", (sql) => enqueue({ key: "k", serialKey: "s" }, sql));
    await as("door_application", (sql) =>
      enqueue({ key: "k", serialKey: "s", onConflict: "reschedule" }, sql),
    );
    const id = await as("door_application", (sql) =>
      enqueue({ key: "k", serialKey: "s", onConflict: "replace" }, sql),
    );
    expect((await bed.claim()).id).toBe(id);
    await as(
      "door_application",
      (sql) => sql`select fiscaut_tasks.enqueue_many('b', '[1, 2]', serial_key => 's')`,
    );
    const states = await as(
      "door_application",
      (sql) => sql`select state from fiscaut_tasks.task_status order by id`,
    );
    expect(states.map(({ state }) => state)).toEqual(["cancelled", "running", "pending", "pending"]);
  });

  test("may do nothing else, and without the grant not even that", async () => {
    const statements = [
      "select * from fiscaut_tasks.task",
      "select * from fiscaut_tasks.task_history",
      "insert into fiscaut_tasks.queue (name) values ('x')",
      "delete from fiscaut_tasks.task",
      "select fiscaut_tasks.payload_fault('1')",
    ];
    for (const statement of statements)
      expect([
        statement,
        await as("door_application", (sql) => sql.unsafe(statement)).catch(driverCodeOf),
      ]).toEqual([statement, "42501"]);
    for (const call of ["enqueue('a')", "enqueue_many('a', '[1]')"]) {
      const stranger = as("door_stranger", (sql) => sql.unsafe(`select fiscaut_tasks.${call}`));
      expect([call, await stranger.catch(driverCodeOf)]).toEqual([call, "42501"]);
    }
  });

  test("can't lead the function to objects of its own", async () => {
    await as("door_application", async (sql) => {
      await sql`create temporary table task (id bigint)`;
      await sql.unsafe(
        "create function pg_temp.now() returns timestamptz language sql as $$ select 'epoch'::timestamptz $$",
      );
      await sql`set local search_path = pg_temp, pg_catalog`;
      await enqueue({}, sql);
    });
    const [row] = await bed.store.sql`select run_at > '2020-01-01' as ours from fiscaut_tasks.task`;
    expect(row).toEqual({ ours: true });
  });
});

describe("task_status", () => {
  const statusOf = async (id: number) =>
    (
      await bed.store.sql`
        select name, queue, title, state, attempt, finished_at is not null as finished, result, error
        from fiscaut_tasks.task_status where id = ${id}`
    )[0];

  test("tells what becomes of a task, from pending to its result", async () => {
    const id = await enqueue({ title: "one" });
    const task = {
      name: "a",
      queue: "default",
      title: "one",
      attempt: 0,
      finished: false,
      result: null,
      error: null,
    };
    expect(await statusOf(id)).toEqual({ ...task, state: "pending" });
    const running = await bed.claim();
    expect(await statusOf(id)).toEqual({ ...task, state: "running", attempt: 1 });
    await bed.complete(running, again);
    expect(await statusOf(id)).toEqual({ ...task, state: "pending", attempt: 1, error: "again" });
    await bed.complete(await bed.claim(), { kind: "succeeded", result: { sent: 2 } });
    expect(await statusOf(id)).toEqual({
      ...task,
      state: "succeeded",
      attempt: 2,
      finished: true,
      result: { sent: 2 },
      error: "again",
    });
    expect(await statusOf(id + 1)).toBeUndefined();
  });

  test("finds a task by its id in indexes alone, and by its state in that state's partitions", async () => {
    const plan = async (condition: string) =>
      JSON.stringify(
        await bed.store.sql.unsafe(
          `explain (format json) select * from fiscaut_tasks.task_status where ${condition}`,
        ),
      );
    const byId = await plan("id = 5");
    expect(byId).toContain("task_pkey");
    expect(byId).not.toContain("Seq Scan");
    expect(await plan("state = 'failed'")).not.toContain("task_history_succeeded");
  });
});
