/** What waits in the executor: for a slot, and for the database's disk. */
import { beforeAll, expect, test } from "bun:test";
import { z } from "zod";
import { Completer } from "../../src/engine/completer.ts";
import { Executor } from "../../src/engine/executor.ts";
import { createLocalRunner } from "../../src/engine/handlers/runner.ts";
import { Reporter } from "../../src/engine/reporter.ts";
import { defineHandler, HandlerRegistry } from "../../src/handlers/handler.ts";
import { findTask } from "../../src/store/find.ts";
import { keepForever } from "../keep-forever.ts";
import { createOnceBed } from "../store/enqueue/once-bed.ts";

const bed = createOnceBed();
let workerId: number;
beforeAll(async () => {
  workerId = await bed.register();
});

/** With one slot. `ran` are the tasks that have started, in their order. */
function createExecutor() {
  const { store } = bed;
  const ran: number[] = [];
  const opened = Promise.withResolvers<void>();
  const run = async (_: unknown, { task }: { task: { id: number } }) => {
    ran.push(task.id);
    await opened.promise;
  };
  const handler = defineHandler({ name: "a", payload: z.unknown(), run });
  const shared = { store, emit: () => {}, toPlain: (value: unknown) => value };
  const completer = new Completer({
    ...shared,
    backoffOf: () => undefined,
    isBusy: () => false,
    onReturned: () => {},
    onEnded: () => {},
  });
  const executor = new Executor({
    runner: createLocalRunner(new HandlerRegistry([handler]), { store, retention: keepForever }),
    completer,
    reporter: new Reporter({ ...shared, onWaiting: () => {} }),
    slots: 1,
    emit: () => {},
    onStarted: () => {},
    onSlotFree: () => {},
  });
  return { executor, completer, ran, open: opened.resolve };
}

async function claim(priority = 0) {
  const { id } = await bed.enqueue({ priority });
  return { id, tasks: await bed.claimAll(1, workerId) };
}

test("a task whose claim the disk may not have waits though a slot is free, and starts once it has", async () => {
  const { executor, ran, open } = createExecutor();
  const { id, tasks } = await claim();
  const { promise: flushed, resolve: flush } = Promise.withResolvers<void>();
  executor.take(workerId, tasks, flushed);
  await Promise.resolve();
  const { freeSlots, waiting, startable, isIdle } = executor;
  expect({ ran, freeSlots, waiting, startable, isIdle, claimed: executor.claimedIds() }).toEqual({
    ran: [],
    freeSlots: 1,
    waiting: 1,
    startable: 0,
    isIdle: false,
    claimed: [id],
  });
  flush();
  open();
  await executor.idle();
  expect(ran).toEqual([id]);
});

test("it is given back like any that waits, and does not start when the disk has its claim later", async () => {
  const { executor, completer, ran } = createExecutor();
  const { id, tasks } = await claim();
  const { promise: flushed, resolve: flush } = Promise.withResolvers<void>();
  executor.take(workerId, tasks, flushed);
  expect(executor.waitingSinceMs).toBeNumber();
  executor.giveBackWaiting();
  flush();
  await completer.flush();
  expect([ran, executor.isIdle, await findTask(bed.store, id)]).toMatchObject([
    [],
    true,
    { state: "pending", attempt: 0 },
  ]);
});

test("it takes its place among those that wait for a slot", async () => {
  const { executor, ran, open } = createExecutor();
  const running = await claim();
  const low = await claim(1);
  const high = await claim(2);
  executor.take(workerId, running.tasks);
  const { promise: flushed, resolve: flush } = Promise.withResolvers<void>();
  executor.take(workerId, high.tasks, flushed);
  executor.take(workerId, low.tasks);
  flush();
  await Promise.resolve();
  expect(executor.startable).toBe(2);
  open();
  await executor.idle();
  expect(ran).toEqual([running.id, high.id, low.id]);
});
