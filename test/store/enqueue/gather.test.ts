/** Many callers of one process who enqueue a task each at once: they go together, and each is answered for itself. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { driverCodeOf } from "../../../src/store/connection.ts";
import { enqueueTask } from "../../../src/store/enqueue/enqueue.ts";
import type { Sql } from "../../../src/store/sql.ts";
import { checkNewTask, type NewTask } from "../../../src/task/doors/new-task.ts";
import { openUnreachableStore } from "../../http/app-under-test.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";
import { until } from "../../until.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterEach(async () => {
  await database.store.sql`truncate fiscaut_tasks.task, fiscaut_tasks.queue cascade`;
});
afterAll(() => database.drop());

const enqueue = (task: Partial<NewTask>) => enqueueTask(database.store, checkNewTask({ name: "a", ...task }));
const atOnce = (count: number, work: (index: number) => Partial<NewTask>) =>
  Array.from({ length: count }, (_, index) => enqueue(work(index)));
/** A transaction writes its id into each row. */
const countTransactions = async () =>
  (
    await database.store.sql<{ n: number }[]>`select count(distinct xmin::text) as n from fiscaut_tasks.task`
  )[0]?.n;

/** Runs `work` while another transaction keeps everybody from `what`; `release` ends that. */
async function whileLocked(
  what: (sql: Sql) => Promise<unknown>,
  work: (release: () => void) => Promise<void>,
) {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const locked = Promise.withResolvers<void>();
  const holding = database.store.sql.begin(async (transaction) => {
    await what(transaction as unknown as Sql);
    locked.resolve();
    await released;
  });
  await locked.promise;
  await work(release).finally(release);
  await holding;
}
const lockTasks = (sql: Sql) => sql`lock table fiscaut_tasks.task in share mode`;
const statementsThatWait = async () =>
  (
    await database.store.sql`
    select 1 from pg_locks where not granted and relation = 'fiscaut_tasks.task'::regclass`
  ).length;

describe("tasks that are enqueued at once", () => {
  test("are each answered with the id and time of its own row", async () => {
    const answers = await Promise.all(
      atOnce(300, (n) => ({ payload: { n }, ...(n % 3 === 0 && { delayMs: n * 1000 }), priority: n })),
    );
    const rows = await database.store.sql<
      { id: number; payload: unknown; run_at: string; priority: number }[]
    >`
      select id, payload, run_at, priority from fiscaut_tasks.task`;
    const byId = new Map(rows.map((row) => [row.id, row]));
    expect(byId.size).toBe(300);
    for (const [n, { id, runAt, outcome }] of answers.entries()) {
      expect(outcome).toBe("created");
      expect(byId.get(id)).toMatchObject({ payload: { n }, priority: n });
      expect(new Date(byId.get(id)?.run_at ?? 0)).toEqual(runAt);
    }
  });

  test("gather while a statement is under way, and are answered only when theirs is committed", async () => {
    await whileLocked(lockTasks, async (release) => {
      let answered = 0;
      const answers = atOnce(50, (n) => ({ payload: n })).map(async (answer) => {
        await answer;
        answered += 1;
      });
      await until(async () => (await statementsThatWait()) === 1);
      expect(answered).toBe(0);
      release();
      await Promise.all(answers);
    });
    // The first caller did not wait for the others.
    expect(await countTransactions()).toBe(2);
  });

  test("go in several statements where their payloads are large", async () => {
    await whileLocked(lockTasks, async (release) => {
      const answers = atOnce(8, () => ({ payload: "x".repeat(1_000_000) }));
      await until(async () => (await statementsThatWait()) === 1);
      release();
      await Promise.all(answers);
    });
    expect(await countTransactions()).toBe(3);
  });

  test("are told the fault of one that the database refuses by its caller alone", async () => {
    await database.store.sql`alter table fiscaut_tasks.task add constraint no_bad check (payload <> '"bad"')`;
    const answers = await Promise.allSettled(
      atOnce(40, (n) => ({ payload: n === 17 || n === 30 ? "bad" : n })),
    );
    await database.store.sql`alter table fiscaut_tasks.task drop constraint no_bad`;
    const refused = answers.flatMap((answer, n) =>
      answer.status === "rejected" ? [[n, driverCodeOf(answer.reason)]] : [],
    );
    expect(refused).toEqual([
      [17, "23514"],
      [30, "23514"],
    ]);
    const [stored] = await database.store.sql<{ n: number }[]>`
      select count(distinct payload) as n from fiscaut_tasks.task`;
    expect(stored?.n).toBe(38);
  });

  test("all fail, once, when the database is away", async () => {
    const store = openUnreachableStore();
    const answers = await Promise.allSettled(
      Array.from({ length: 20 }, () => enqueueTask(store, checkNewTask({ name: "a" }))),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill("rejected"));
    await store.close();
  });

  test("do not wait for those of a queue that somebody else is adding", async () => {
    const addQueue = (sql: Sql) => sql`insert into fiscaut_tasks.queue (name) values ('new')`;
    await whileLocked(addQueue, async (release) => {
      let answered = false;
      const held = enqueue({ queue: "new" }).then(() => {
        answered = true;
      });
      await Promise.all(atOnce(20, () => ({ queue: "default" })));
      expect(answered).toBe(false);
      release();
      await held;
    });
  });

  test("with a serial key keep the order in which they were asked for", async () => {
    const answers = await Promise.all(atOnce(20, (n) => ({ serialKey: "s", payload: n })));
    const ids = answers.map(({ id }) => id);
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    const free = await database.store.sql<{ id: number }[]>`
      select id from fiscaut_tasks.task where not blocked`;
    expect(free.map(({ id }) => id)).toEqual(ids.slice(0, 1));
  });
});
