// `fiscaut_tasks.enqueue` and `task_status` as any language meets them. That its rules are those of the other doors is
// `sql-door-rules.test.ts`'s.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { type Announcement, channel, parseAnnouncement } from "../../src/store/announce.ts";
import { codeOf } from "../../src/store/connection.ts";
import type { Sql } from "../../src/store/sql.ts";
import type { NewTask } from "../../src/task/new-task.ts";
import { until } from "../until.ts";
import { again, createOnceBed, type OnceBed, succeeded } from "./once-bed.ts";
import { enqueueBySql } from "./sql-door-bed.ts";

let bed: OnceBed;
beforeAll(async () => {
  bed = await createOnceBed();
});
beforeEach(() => bed.clear());
afterAll(() => bed.drop());

type Asked = Omit<NewTask, "name" | "keyOf">;
const enqueue = (task: Asked = {}, sql: Sql = bed.store.sql) => enqueueBySql(sql, { name: "a", ...task });
/** In a transaction of the caller's own. */
const inTransaction = <Result>(work: (sql: Sql) => Promise<Result>, mode = "") =>
  bed.store.sql.begin(mode, (transaction) => work(transaction as unknown as Sql)) as Promise<Result>;
const live = async () =>
  (await bed.store.sql<{ id: number }[]>`select id from fiscaut_tasks.task order by id`).map(({ id }) => id);

describe("in the caller's transaction", () => {
  test("a rollback enqueues nothing, a commit all", async () => {
    const failing = inTransaction(async (sql) => {
      await enqueue({ serialKey: "s", key: "k", queue: "never-seen" }, sql);
      throw new Error("the caller's own fault");
    });
    await expect(failing).rejects.toThrow("the caller's own fault");
    expect(await live()).toEqual([]);
    const ids = await inTransaction(async (sql) => [await enqueue({}, sql), await enqueue({}, sql)]);
    expect(await live()).toEqual(ids);
  });

  test("a refused task leaves the transaction usable from the caller's savepoint on", async () => {
    const id = await bed.store.sql.begin(async (transaction) => {
      const sql = transaction as unknown as Sql;
      const refused = transaction.savepoint((inner) =>
        enqueue({ priority: 99_999 }, inner as unknown as Sql),
      );
      await expect(refused).rejects.toMatchObject({ code: "22023" });
      return await enqueue({}, sql);
    });
    expect(await live()).toEqual([id]);
  });

  test("one statement enqueues a task a row of the caller's table", async () => {
    await bed.store.sql`
      select fiscaut_tasks.enqueue('a', jsonb_build_object('company', company), key => 'company ' || company)
      from generate_series(1, 500) as company`;
    expect(await live()).toHaveLength(500);
    expect((await bed.claimAll(500)).map(({ payload }) => payload)).toContainEqual({ company: 500 });
  });

  test("a serialisable one that loses to another's key is told to try again", async () => {
    const attempt = inTransaction(async (sql) => {
      await sql`select 1 from fiscaut_tasks.task`;
      await enqueue({ key: "k" });
      await enqueue({ key: "k" }, sql);
    }, "isolation level repeatable read");
    expect(await attempt.catch(codeOf)).toBe("40001");
    expect(await live()).toHaveLength(1);
  });
});

describe("workers are told", () => {
  async function hear(work: () => Promise<unknown>): Promise<Announcement[]> {
    const heard: (Announcement | undefined)[] = [];
    const { unlisten } = await bed.store.sql.listen(channel, (message) => {
      heard.push(message === "end" ? undefined : parseAnnouncement(message));
    });
    await work();
    await bed.store.sql.notify(channel, "end");
    await until(() => heard.includes(undefined));
    await unlisten();
    return heard.filter((announcement) => announcement !== undefined);
  }

  test("once of many in one transaction, and of future ones apart", async () => {
    const heard = await hear(() =>
      inTransaction(async (sql) => {
        for (let index = 0; index < 20; index++) await enqueue({}, sql);
        await enqueue({ delayMs: 60_000 }, sql);
      }),
    );
    expect(heard).toEqual([{ kind: "due" }, { kind: "future" }]);
  });

  test("of nothing where nothing was added", async () => {
    await enqueue({ key: "k" });
    expect(await hear(() => enqueue({ key: "k" }))).toEqual([]);
    expect(await hear(() => enqueue({ key: "k", onConflict: "reschedule" }))).toEqual([{ kind: "due" }]);
  });
});

describe("with a key", () => {
  /** All columns but those that no two rows share. */
  const history = async () =>
    (await bed.store.sql`select to_jsonb(h) as row from fiscaut_tasks.task_history h order by id`).map(
      ({ row: { id, created_at, run_at, planned_at, finished_at, started_at, errors, ...row } }) => ({
        ...row,
        errors: errors.map(({ message }: { message: string }) => message),
      }),
    );

  test("skip leaves the live task alone, pending or running, and tells its id", async () => {
    const id = await enqueue({ key: "k", payload: 1 });
    expect(await enqueue({ key: "k", payload: 2 })).toBe(id);
    await bed.claim();
    expect(await enqueue({ key: "k", payload: 3 })).toBe(id);
    expect(await live()).toEqual([id]);
  });

  test("replace cancels a pending one into the history, whole, as the other doors do", async () => {
    const asked: Asked = {
      key: "k",
      payload: [1],
      queue: "slow",
      priority: 3,
      maxAttempts: 4,
      timeoutMs: 5,
      backoff: "fixed:6s",
      serialKey: "s",
      title: "seven",
      repeatMs: 8_000,
    };
    for (const door of [bed.enqueue, enqueue]) {
      await enqueue(asked);
      await bed.complete(await bed.claim(), again);
      await door({ ...asked, payload: [2], onConflict: "replace" });
      await bed.store.sql`delete from fiscaut_tasks.task`;
    }
    const [byTypeScript, bySql] = await history();
    expect(bySql).toEqual(byTypeScript);
    expect(bySql).toMatchObject({
      state: "cancelled",
      payload: [1],
      title: "seven",
      attempt: 1,
      errors: ["again"],
    });
  });

  test.each(["replace", "reschedule"] as const)(
    "%s supersedes a running one, which ends its attempt",
    async (rule) => {
      const first = await enqueue({ key: "k" });
      const running = await bed.claim();
      const second = await enqueue({ key: "k", onConflict: rule });
      expect(await bed.liveWithKey("k")).toEqual([second]);
      await bed.complete(running, again);
      expect(await bed.cancelled()).toEqual([first]);
      expect(await live()).toEqual([second]);
    },
  );

  test("reschedule moves a pending one, which keeps its payload", async () => {
    const id = await enqueue({ key: "k", payload: 1, repeatMs: 60_000 });
    const later = { delayMs: 60_000, priority: 7, payload: 2, key: "k", onConflict: "reschedule" } as const;
    expect(await enqueue(later)).toBe(id);
    const [row] = await bed.store.sql`
      select payload, priority, due, run_at > now() + interval '50 s' as later, planned_at = run_at as planned
      from fiscaut_tasks.task`;
    expect(row).toEqual({ payload: 1, priority: 7, due: false, later: true, planned: true });
  });

  test("no key is live twice, and nothing is lost, while every rule comes at once and tasks are run", async () => {
    let enqueuing = true;
    const worker = (async () => {
      for (let turn = 0; enqueuing; turn++)
        for (const task of await bed.claimAll(3))
          await bed.complete(task, turn % 2 === 0 ? succeeded : again);
    })();
    const rules = ["replace", "skip", "reschedule"] as const;
    const ids = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const told: number[] = [];
        for (let turn = 0; turn < 6; turn++) {
          const task: Asked = { key: `k${index % 3}`, onConflict: rules[(index + turn) % 3] };
          // Through both doors, so that each is seen to mind the other's locks.
          told.push(turn % 2 === 0 ? await enqueue(task) : (await bed.enqueue(task)).id);
        }
        return told;
      }),
    );
    enqueuing = false;
    await worker;
    const stored = await bed.store.sql<{ id: number }[]>`
      select id from fiscaut_tasks.task union all select id from fiscaut_tasks.task_history order by id`;
    expect(stored.map(({ id }) => id)).toEqual([...new Set(ids.flat())].sort((a, b) => a - b));
    for (const key of ["k0", "k1", "k2"]) expect((await bed.liveWithKey(key)).length).toBeLessThanOrEqual(1);
  });
});

describe("a role", () => {
  const as = <Result>(role: string, work: (sql: Sql) => Promise<Result>) =>
    inTransaction(async (sql) => {
      await sql`set local role ${sql(role)}`;
      return await work(sql);
    });
  beforeAll(async () => {
    // Roles are the server's, which the tests share: of this file alone, and gone with it.
    await bed.store.sql.unsafe(`
      create role door_application; create role door_stranger;
      grant usage on schema fiscaut_tasks to door_application, door_stranger;
      grant execute on function fiscaut_tasks.enqueue to door_application;
      grant select on fiscaut_tasks.task_status to door_application`);
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
    const states = await as(
      "door_application",
      (sql) => sql`select state from fiscaut_tasks.task_status order by id`,
    );
    expect([...states]).toEqual([{ state: "cancelled" }, { state: "running" }]);
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
      expect([statement, await as("door_application", (sql) => sql.unsafe(statement)).catch(codeOf)]).toEqual(
        [statement, "42501"],
      );
    const stranger = as("door_stranger", (sql) => enqueue({}, sql));
    expect(await stranger.catch(codeOf)).toBe("42501");
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
