/**
 * `fiscaut_tasks.enqueue` as any language meets it. That its rules are those of the other doors is
 * `sql-door-rules.test.ts`'s, who may call it `sql-door-roles.test.ts`'s.
 */
import { describe, expect, test } from "bun:test";
import { readExample } from "../../../scripts/clients/readme-blocks.ts";
import { driverCodeOf } from "../../../src/store/connection.ts";
import type { Sql } from "../../../src/store/sql.ts";
import { until } from "../../until.ts";
import { again, succeeded } from "../enqueue/once-bed.ts";
import { type Asked, createSqlDoorBed } from "./sql-door-bed.ts";

const { bed, enqueue, inTransaction } = createSqlDoorBed();
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

  test("the README's example enqueues its five tasks", async () => {
    const connection = await bed.store.sql.reserve();
    await connection.unsafe(readExample("sql", "begin;"));
    connection.release();
    const rows = await bed.store.sql`
      select payload ->> 'company' as company, key, due, timeout_ms, title from fiscaut_tasks.task order by id`;
    const one = { key: null, due: false, timeout_ms: null };
    expect([...rows]).toEqual([
      { company: "1", key: "suppliers of company 1", due: true, timeout_ms: 1_800_000, title: null },
      { ...one, company: "1", title: "Company 1" },
      { ...one, company: "2", title: "Company 2" },
      { ...one, company: "1", title: "Of many" },
      { ...one, company: "2", title: "Of many" },
    ]);
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
    expect(await attempt.catch(driverCodeOf)).toBe("40001");
    expect(await live()).toHaveLength(1);
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

  test("reschedule leaves a task waiting that waits for others", async () => {
    await enqueue({ key: "k", after: [await enqueue()] });
    await enqueue({ key: "k", onConflict: "reschedule", priority: 1 });
    const rows = await bed.store.sql`select waiting, due from fiscaut_tasks.task where key is not null`;
    expect([...rows]).toEqual([{ waiting: true, due: false }]);
  });

  test.each(["replace", "reschedule"] as const)(
    "%s waits for a claim under way, and then supersedes",
    async (rule) => {
      const first = await enqueue({ key: "k" });
      const claimed = Promise.withResolvers<void>();
      const waits = Promise.withResolvers<void>();
      const claiming = inTransaction(async (sql) => {
        await sql`update fiscaut_tasks.task set worker_id = 1, attempt = 1, started_at = now()`;
        claimed.resolve();
        await waits.promise;
      });
      await claimed.promise;
      const enqueuing = enqueue({ key: "k", onConflict: rule });
      await until(async () => {
        const [row] = await bed.store.sql`
          select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
        return row !== undefined;
      });
      waits.resolve();
      await claiming;
      const second = await enqueuing;
      const rows = await bed.store.sql`select id, key, superseded from fiscaut_tasks.task order by id`;
      expect([...rows]).toEqual([
        { id: first, key: null, superseded: true },
        { id: second, key: "k", superseded: null },
      ]);
    },
  );

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
