import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { completeTasks } from "../../../src/store/attempt/complete.ts";
import { rescueTasks } from "../../../src/store/attempt/rescue.ts";
import { claimTasks } from "../../../src/store/claim/claim.ts";
import { cancelTask } from "../../../src/store/control/cancel.ts";
import { enqueueTask } from "../../../src/store/enqueue/enqueue.ts";
import { findTask } from "../../../src/store/find.ts";
import { registerWorker, renewLease } from "../../../src/store/worker.ts";
import { checkNewTask } from "../../../src/task/doors/new-task.ts";
import { settle } from "../../../src/task/settle.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const identity = { host: "test", pid: 1, version: "test", leaseMs: 60_000 };
const die = (workerId: number) =>
  database.store
    .sql`update fiscaut_tasks.worker set heartbeat_at = now() - interval '61 s' where id = ${workerId}`;

async function claimOne(workerId: number, maxAttempts = 25, ahead = false) {
  const { id } = await enqueueTask(database.store, checkNewTask({ name: "a", maxAttempts }));
  const [task] = await claimTasks(database.store, { workerId, names: ["a"], queues: [], limit: 1, ahead });
  if (task?.id !== id) throw new Error(`claimed ${task?.id} instead of ${id}`);
  return task;
}

describe("rescueTasks", () => {
  test("leaves a worker alone whose lease holds", async () => {
    const worker = await registerWorker(database.store, identity);
    const task = await claimOne(worker);
    expect(await rescueTasks(database.store)).toEqual([]);
    expect(await findTask(database.store, task.id)).toMatchObject({ state: "running" });
    await completeTasks(database.store, worker, [
      { id: task.id, attempt: 1, transition: settle(task, { kind: "cancelled" }) },
    ]);
  });

  test("gives a dead worker's task back with an error, and refuses what the worker says later", async () => {
    const worker = await registerWorker(database.store, identity);
    const task = await claimOne(worker);
    await die(worker);
    expect(await rescueTasks(database.store)).toEqual([
      { id: task.id, name: "a", queue: "default", attempt: 1, workerId: worker, state: "pending" },
    ]);
    expect(await findTask(database.store, task.id)).toMatchObject({
      state: "pending",
      attempt: 1,
      errors: [{ attempt: 1, workerId: worker }],
    });
    const late = settle(task, { kind: "succeeded", result: null });
    expect(
      await completeTasks(database.store, worker, [{ id: task.id, attempt: 1, transition: late }]),
    ).toBeEmpty();
    expect((await renewLease(database.store, worker, [])).alive).toBe(false);
    await cancelTask(database.store, task.id);
  });

  test("fails a task whose last attempt died with its worker", async () => {
    const worker = await registerWorker(database.store, identity);
    const task = await claimOne(worker, 1);
    await die(worker);
    expect(await rescueTasks(database.store)).toMatchObject([{ id: task.id, state: "failed" }]);
    expect(await findTask(database.store, task.id)).toMatchObject({
      state: "failed",
      errors: [{ attempt: 1 }],
    });
  });

  test("cancels a task that was to be cancelled when its worker died", async () => {
    const worker = await registerWorker(database.store, identity);
    const task = await claimOne(worker);
    expect(await cancelTask(database.store, task.id)).toEqual({ kind: "requested" });
    expect((await renewLease(database.store, worker, [task.id])).cancelRequested).toEqual([task.id]);
    await die(worker);
    expect(await rescueTasks(database.store)).toMatchObject([{ id: task.id, state: "cancelled" }]);
  });

  test("takes the attempt of a task back that was claimed ahead, but of the same task only once", async () => {
    const first = await registerWorker(database.store, identity);
    const { id, mayWait } = await claimOne(first, 2, true);
    expect(mayWait).toBe(true);
    await die(first);
    expect(await rescueTasks(database.store)).toMatchObject([{ id, attempt: 1, state: "pending" }]);
    expect(await findTask(database.store, id)).toMatchObject({ attempt: 0, errors: [] });

    const second = await registerWorker(database.store, identity);
    const again = { workerId: second, names: ["a"], queues: [], limit: 1, ahead: true };
    expect(await claimTasks(database.store, again)).toMatchObject([{ id, attempt: 1, mayWait: false }]);
    await die(second);
    await rescueTasks(database.store);
    expect(await findTask(database.store, id)).toMatchObject({ attempt: 1, errors: [{ attempt: 1 }] });
    await database.store.sql`delete from fiscaut_tasks.task where id = ${id}`;
  });

  test("counts the last attempt allowed, also where it was claimed ahead", async () => {
    const worker = await registerWorker(database.store, identity);
    const { id, mayWait } = await claimOne(worker, 1, true);
    expect(mayWait).toBe(false);
    await die(worker);
    expect(await rescueTasks(database.store)).toMatchObject([{ id, state: "failed" }]);
  });

  test("several rescuers at once rescue each task once", async () => {
    const workers = await Promise.all(
      Array.from({ length: 4 }, () => registerWorker(database.store, identity)),
    );
    const ids: number[] = [];
    for (const worker of workers) ids.push((await claimOne(worker)).id);
    for (const worker of workers) await die(worker);
    const rounds = await Promise.all(Array.from({ length: 5 }, () => rescueTasks(database.store)));
    expect(
      rounds
        .flat()
        .map((task) => task.id)
        .sort((a, b) => a - b),
    ).toEqual(ids);
  });
});
