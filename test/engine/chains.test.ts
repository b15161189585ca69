/** Chains and batches' completion tasks as workers run them: who is woken by whom, with polling out of the way. */
import { describe, expect, test } from "bun:test";
import { cancelTask } from "../../src/store/control/cancel.ts";
import { enqueueBatch } from "../../src/store/enqueue/enqueue-batch.ts";
import { checkNewTask } from "../../src/task/doors/new-task.ts";
import { PermanentError } from "../../src/task/outcome.ts";
import { createWorkerBed } from "./worker-bed.ts";

const bed = createWorkerBed();

/** Resolves when the test says so. */
function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

describe("the end of a task", () => {
  test("wakes what waits for it, link by link", async () => {
    const order: unknown[] = [];
    const { event } = await bed.start({ link: async (payload) => order.push(payload) });
    const first = await bed.enqueue({ name: "link", payload: 1, delayMs: 200 });
    const second = await bed.enqueue({ name: "link", payload: 2, after: [first] });
    const third = await bed.enqueue({ name: "link", payload: 3, after: [second] });
    await event("succeeded", third);
    expect(order).toEqual([1, 2, 3]);
  });

  test("in one worker wakes what waits for it also in another, which has never heard of waiting tasks", async () => {
    const held = gate();
    const runs = { first: () => held.opened };
    await bed.start(runs);
    const first = await bed.enqueue({ name: "first" });
    const { event } = await bed.start({ second: async () => null });
    const second = await bed.enqueue({ name: "second", after: [first] });
    held.open();
    await event("succeeded", second);
  });

  test("by its failure fails the chain behind it, and hooks can hear of each", async () => {
    const held = gate();
    const { event } = await bed.start({
      bad: async () => {
        await held.opened;
        throw new PermanentError("no");
      },
      never: async () => null,
    });
    const bad = await bed.enqueue({ name: "bad" });
    const first = await bed.enqueue({ name: "never", after: [bad] });
    const second = await bed.enqueue({ name: "never", after: [first] });
    held.open();
    expect(await event("wait-failed", first)).toMatchObject({
      task: { id: first, name: "never", queue: "default", attempt: 0 },
      message: `task ${bad}, which it waited for, failed`,
    });
    await event("wait-failed", second);
  });

  test("by a cancel at some door is heard of too", async () => {
    const { event } = await bed.start({ never: async () => null });
    const future = await bed.enqueue({ name: "never", delayMs: 3_600_000 });
    const id = await bed.enqueue({ name: "never", after: [future] });
    await cancelTask(bed.store, future);
    expect((await event("wait-failed", id)).message).toContain("was cancelled");
  });

  test("that no hint tells of is found by polling", async () => {
    const { event } = await bed.start({ second: async () => null }, { pollIntervalMs: 100 });
    const first = await bed.enqueue({ name: "elsewhere" });
    const second = await bed.enqueue({ name: "second", after: [first] });
    await bed.store.sql`
      with gone as (delete from fiscaut_tasks.task where id = ${first} returning *)
      insert into fiscaut_tasks.task_history (id, run_at, priority, max_attempts, queue, name, payload, state)
      select id, run_at, priority, max_attempts, queue, name, payload, 'succeeded' from gone`;
    await event("succeeded", second);
  });
});

describe("a batch's completion task", () => {
  test("runs once, after the last of them, and finds its batch", async () => {
    let done = 0;
    const completions: unknown[] = [];
    const { event, worker } = await bed.start({
      one: async () => {
        done += 1;
      },
      completion: async (_, { task, tasks }) => {
        const [batchId] = task.after?.batches ?? [];
        completions.push({ done, listed: (await tasks.list({ batchId, state: "succeeded" })).length });
      },
    });
    await enqueueBatch(
      bed.store,
      {
        title: "b",
        skipped: {},
        enqueuedBy: null,
        whenComplete: checkNewTask({ name: "completion" }),
      },
      Array.from({ length: 40 }, () => checkNewTask({ name: "one" })),
    );
    await event("succeeded", (await newestOf("completion")).id);
    await worker.drained();
    expect(completions).toEqual([{ done: 40, listed: 40 }]);
  });

  test("is enqueued once by a handler's batch, however often that handler runs", async () => {
    let runs = 0;
    let completed = 0;
    const { worker } = await bed.start({
      batch: async (_, { enqueueBatch }) => {
        await enqueueBatch("b", [{ name: "one" }], { whenComplete: { name: "completion" } });
        runs += 1;
        if (runs === 1) throw new Error("after the batch is stored");
      },
      one: async () => null,
      completion: async () => {
        completed += 1;
      },
    });
    const id = await bed.enqueue({ name: "batch", backoff: "fixed:1ms" });
    await worker.drained();
    while ((await bed.find(id))?.state === "pending") await worker.drained();
    await worker.drained();
    expect([runs, completed]).toEqual([2, 1]);
  });
});

test("a drain ends only when the chains that were due have run", async () => {
  let ran = 0;
  const run = async () => {
    ran += 1;
  };
  const first = await bed.enqueue({ name: "link" });
  const second = await bed.enqueue({ name: "link", after: [first] });
  await bed.enqueue({ name: "link", after: [second] });
  const { worker } = await bed.start({ link: run });
  await worker.drained();
  expect(ran).toBe(3);
});

async function newestOf(name: string): Promise<{ id: number }> {
  const [row] = await bed.store.sql<{ id: number }[]>`
    select id from (select id, name from fiscaut_tasks.task union all select id, name from fiscaut_tasks.task_history) t
    where name = ${name} order by id desc limit 1`;
  if (row === undefined) throw new Error(`there is no task ${name}`);
  return row;
}
