/**
 * What handlers log and tell of their progress, from the handler to the store: in time, in order, and at what cost.
 */
import { describe, expect, test } from "bun:test";
import type { HandlerContext } from "../../src/handlers/context.ts";
import { readTaskLog } from "../../src/store/read-log.ts";
import { PermanentError, RetryAfter, Snooze } from "../../src/task/outcome.ts";
import { keptLines } from "../../src/task/task-log.ts";
import { until } from "../until.ts";
import { createWorkerBed } from "./worker-bed.ts";

const bed = createWorkerBed();
const { start, enqueue, find } = bed;
const linesOf = async (id: number) => (await readTaskLog(bed.store, id))?.lines ?? [];
const wordsOf = async (id: number) =>
  (await linesOf(id)).map(({ n, attempt, message }) => `${n} (${attempt}) ${message}`);

/** How often rows of `task` were updated by what a worker does beside claiming: counted by a trigger. */
async function countWrites() {
  const { sql } = bed.store;
  await sql.unsafe(`
    create table if not exists public.written (id bigint, log_changed boolean);
    truncate public.written;
    create or replace function public.note() returns trigger language plpgsql as
      $$ begin insert into public.written values (new.id, new.log is distinct from old.log); return null; end $$;
    create or replace trigger note after update of log on fiscaut_tasks.task for each row execute function public.note()`);
  return async (id: number) =>
    (await sql`select 1 from public.written where id = ${id} and log_changed`).length;
}

describe("log lines", () => {
  test("of a task that ends quickly come with its end, and cost no statement", async () => {
    const writes = await countWrites();
    const { event } = await start({
      quick: async (_, { log, progress }) => {
        log("begun", { supplier: 7 });
        progress(0.5, "half");
        log("done");
      },
    });
    const beforeMs = Date.now();
    const id = await enqueue({ name: "quick" });
    await event("succeeded", id);
    expect(await wordsOf(id)).toEqual(["1 (1) begun", "2 (1) done"]);
    const [line] = await linesOf(id);
    expect(line?.fields).toEqual({ supplier: 7 });
    // The database of the tests has this machine's clock.
    expect(Math.abs(Date.parse(line?.at ?? "") - beforeMs)).toBeLessThan(5_000);
    expect(await find(id)).toMatchObject({ progress: { fraction: 0.5, message: "half" } });
    expect(await writes(id)).toBe(0);
  });

  test("of a task that goes on can be seen meanwhile, and are written about once a second, however many", async () => {
    const writes = await countWrites();
    const { event } = await start({
      chatty: async (_, { log, signal }) => {
        for (let i = 1; i <= 20 && !signal.aborted; i++) {
          for (let j = 1; j <= 50; j++) log(`${i}.${j}`);
          await Bun.sleep(100);
        }
      },
    });
    const id = await enqueue({ name: "chatty" });
    await until(async () => (await linesOf(id)).length > 0, 5_000);
    expect((await find(id))?.state).toBe("running");
    await event("succeeded", id);
    const lines = await linesOf(id);
    expect(lines.map(({ n }) => n)).toEqual(Array.from({ length: keptLines }, (_, i) => 801 + i));
    expect(lines.at(-1)?.message).toBe("20.50");
    expect(await writes(id)).toBeLessThanOrEqual(4);
  });

  test("of all attempts stay, whatever each came to", async () => {
    const { event } = await start({
      stumbles: async (_, { task, log }) => {
        log(`attempt ${task.attempt}`);
        if (task.lastLine === 0) throw new Snooze(1);
        if (task.lastLine === 1) throw new RetryAfter(1, "again");
        throw new PermanentError("never");
      },
    });
    const id = await enqueue({ name: "stumbles" });
    await event("failed", id);
    expect(await wordsOf(id)).toEqual(["1 (1) attempt 1", "2 (1) attempt 1", "3 (2) attempt 2"]);
  });

  test("of a task that is given back stay, and so do those of a worker that has died", async () => {
    const untilAborted = (log: (message: string) => void, signal: AbortSignal) => {
      log("at work");
      return new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    };
    const first = await start({ long: (_, { log, signal }) => untilAborted(log, signal) });
    const id = await enqueue({ name: "long" });
    await first.event("log", id);
    await first.worker.stop("SIGTERM", 0);
    expect(await find(id)).toMatchObject({ state: "pending", attempt: 0 });
    expect(await wordsOf(id)).toEqual(["1 (1) at work"]);
    const second = await start({ long: (_, { log, signal }) => untilAborted(log, signal) });
    await second.event("started", id);
    await until(async () => (await linesOf(id)).length === 2, 5_000);
    // What a rescuer elsewhere does.
    await bed.store.sql`update fiscaut_tasks.task set worker_id = null, due = false where id = ${id}`;
    await second.worker.stop("SIGTERM", 0);
    expect(await wordsOf(id)).toEqual(["1 (1) at work", "2 (1) at work"]);
  });

  test("of an attempt whose task was taken from it meanwhile are dropped", async () => {
    const { event } = await start({
      stale: async (_, { log, task }) => {
        await bed.store.sql`
          update fiscaut_tasks.task set worker_id = null, due = false, run_at = now() + interval '1 h' where id = ${task.id}`;
        log("too late");
      },
    });
    const id = await enqueue({ name: "stale" });
    await event("refused", id);
    expect(await wordsOf(id)).toEqual([]);
  });

  test("hold what Postgres can't store without harm to the task or those beside it", async () => {
    const { event } = await start({
      odd: async (_, { log, progress }) => {
        log("NUL \u0000, half \ud800", { "\u0000": "\udfff", deep: { x: "\u0000" } });
        progress(Number.NaN, "\u0000\ud800");
        return { "\ud800": "\u0000" };
      },
      plain: async () => "fine",
    });
    const ids = [await enqueue({ name: "odd" }), await enqueue({ name: "plain" })];
    for (const id of ids) await event("succeeded", id);
    expect(await find(ids[0] ?? 0)).toMatchObject({
      result: { "\ufffd": "" },
      progress: { fraction: 0, message: "\ufffd" },
    });
    expect(await linesOf(ids[0] ?? 0)).toMatchObject([
      { message: "NUL , half \ufffd", fields: { "": "\ufffd" } },
    ]);
  });

  test("and errors have no secrets, where the composition root blanks them out", async () => {
    const blank = (value: unknown): unknown => JSON.parse(JSON.stringify(value).replaceAll("hunter2", "***"));
    const leaks = async (_: unknown, { log }: HandlerContext) => {
      log("key hunter2", { key: ["hunter2"] });
      throw new PermanentError("hunter2 was refused");
    };
    const { event } = await start({ leaks }, { toPlain: blank });
    const id = await enqueue({ name: "leaks" });
    expect((await event("failed", id)).message).toBe("*** was refused");
    expect(await linesOf(id)).toMatchObject([{ message: "key ***", fields: { key: ["***"] } }]);
    const [error] = (await find(id))?.errors ?? [];
    expect(error?.message).toBe("*** was refused");
    expect(error?.stack).not.toContain("hunter2");
  });
});

describe("a result that can't be kept", () => {
  test.each([
    ["too large", "x".repeat(2 ** 20), "the result is larger than 1048576 bytes"],
    [
      "nested too deeply",
      JSON.parse(`${"[".repeat(300)}${"]".repeat(300)}`),
      "the result is nested more than 200",
    ],
  ])("since it is %s leaves a success, and the task's log tells", async (_, result, words) => {
    const { event } = await start({ bulky: async () => result });
    const id = await enqueue({ name: "bulky" });
    await event("succeeded", id);
    expect(await find(id)).toMatchObject({ result: { dropped: expect.stringContaining(words) } });
    expect(await wordsOf(id)).toEqual([expect.stringContaining(`not kept: ${words}`)]);
  });
});
