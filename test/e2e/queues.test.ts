/** Queues with the executable: their commands, and limits that hold over two workers and a crash. */
import { describe, expect, test } from "bun:test";
import { enqueueBatch } from "../../src/store/enqueue/enqueue-batch.ts";
import { listTasks } from "../../src/store/find.ts";
import { checkNewTask } from "../../src/task/doors/new-task.ts";
import { until } from "../until.ts";
import { createBed } from "./bed.ts";
import { execute, executeJson, startRun } from "./executable.ts";
import { heldPayload, heldTask } from "./held-api.ts";

const bed = createBed();
const { env } = bed;
const enqueue = (queue: string, count: number) =>
  enqueueBatch(
    bed.store,
    { title: queue, skipped: {}, enqueuedBy: null },
    Array.from({ length: count }, (_, index) =>
      checkNewTask({ name: heldTask, queue, payload: heldPayload(`${queue}-${index}`) }),
    ),
  );
const succeeded = async (queue: string) =>
  (await listTasks(bed.store, { queue, state: "succeeded" }, 500)).length;

describe("the queue commands", () => {
  test("pause, limit, resume and list", async () => {
    const paused = await execute(["queue", "pause", "night"], env());
    expect(paused).toMatchObject({ exitCode: 0, stdout: "queue night is paused, without limits\n" });
    const limited = await execute(
      ["queue", "limit", "night", "--max-running", "2", "--rate", "60/1m"],
      env(),
    );
    expect(limited.stdout).toBe("queue night is paused, at most 2 running, at most 60/1m starting\n");
    await executeJson(["queue", "limit", "night", "--rate", "none"], env());
    expect(await executeJson<unknown>(["queue", "list"], env())).toEqual([
      {
        name: "night",
        paused: true,
        maxRunning: 2,
        rate: null,
        held: null,
        history: "all",
        waiting: 0,
        running: 0,
      },
    ]);
    const table = await execute(["queue", "list"], env());
    expect(table.stdout).toMatch(/^QUEUE .*MAX RUNNING.*\nnight +paused +2 +- +all +0 +0\n$/);
    await executeJson(["queue", "limit", "night", "--max-running", "none"], env());
    const kept = await execute(["queue", "history", "night", "--keep", "failures"], env());
    expect(kept.stdout).toBe("queue night is paused, without limits; succeeded tasks are not kept\n");
    await executeJson(["queue", "history", "night", "--keep", "all"], env());
    expect((await execute(["queue", "resume", "night"], env())).stdout).toBe(
      "queue night is open, without limits\n",
    );
  }, 20_000);

  const wrong: [string, string[], string][] = [
    ["a limit that is not given", ["limit", "q"], "no limit is given"],
    ["a name that no queue can have", ["pause", "a b"], "the queue's name may hold"],
    ["a max-running that is none", ["limit", "q", "--max-running", "0"], `--max-running: "0"`],
    ["a rule of the history that is none", ["history", "q", "--keep", "some"], "history: Invalid option"],
    ["a history of which nothing is said", ["history", "q"], "--keep"],
    ["a rate that is none", ["limit", "q", "--rate", "60"], `"60" is not a rate\nTry: 60/1m`],
  ];
  for (const [what, words, message] of wrong)
    test(`refuse ${what} with exit code 2`, async () => {
      const { exitCode, stderr } = await execute(["queue", ...words], env());
      expect(stderr).toContain(message);
      expect(exitCode).toBe(2);
    });
});

describe("two workers", () => {
  test("keep a queue's max-running together, also when one dies, and the other queues go on", async () => {
    await executeJson(["queue", "limit", "few", "--max-running", "3"], env());
    const flags = ["--lease", "5s"];
    const [first, second] = await Promise.all([startRun(flags, env()), startRun(flags, env())]);
    await enqueue("few", 20);
    await enqueue("many", 10);
    const arrived = (queue: string) =>
      bed.api.arrived.filter((document) => document.startsWith(`${queue}-`)).length;
    // All calls are held: three of the limited queue are under way, and no more come beside all ten of the other.
    await until(() => arrived("few") === 3 && arrived("many") === 10);

    first.signal("SIGKILL");
    await first.exited;
    await until(async () => {
      const [row] = await bed.store.sql<{ gone: boolean }[]>`
        select not exists (select 1 from fiscaut_tasks.worker where pid = ${first.pid}) as gone`;
      return row?.gone;
    }, 15_000);
    const running = await listTasks(bed.store, { queue: "few", state: "running" }, 500);
    expect(running.length).toBeLessThanOrEqual(3);
    bed.api.release();
    await until(async () => (await succeeded("few")) === 20 && (await succeeded("many")) === 10, 20_000);
    expect(await second.stop()).toBe(0);
  }, 60_000);

  test("keep a queue's rate together, by the database's clock", async () => {
    bed.api.release();
    await executeJson(["queue", "limit", "slow", "--rate", "4/500ms"], env());
    const workers = await Promise.all([startRun([], env()), startRun([], env())]);
    await enqueue("slow", 13);
    await until(async () => (await succeeded("slow")) === 13, 20_000);
    const [row] = await bed.store.sql<{ closest: number }[]>`
      select min(apart) as closest from (
        select (extract(epoch from started_at - lag(started_at, 4) over (order by started_at)) * 1000)::float8 as apart
        from fiscaut_tasks.task_history where queue = 'slow') as t`;
    expect(row?.closest).toBeGreaterThanOrEqual(500);
    for (const worker of workers) expect(await worker.stop()).toBe(0);
  }, 60_000);

  test("start a paused queue's tasks as soon as it is resumed", async () => {
    bed.api.release();
    await executeJson(["queue", "pause", "later"], env());
    const workers = await Promise.all([startRun(["--poll-interval", "1h"], env()), startRun([], env())]);
    await enqueue("later", 2);
    await enqueue("now", 2);
    await until(async () => (await succeeded("now")) === 2);
    expect(await succeeded("later")).toBe(0);
    await executeJson(["queue", "resume", "later"], env());
    await until(async () => (await succeeded("later")) === 2);
    for (const worker of workers) expect(await worker.stop()).toBe(0);
  }, 60_000);
});
