/** What a crash, a freeze and a second worker do to tasks, with the executable and a Postgres of its own. */
import { describe, expect, test } from "bun:test";
import { cancelTask } from "../../src/store/control/cancel.ts";
import { enqueueBatch } from "../../src/store/enqueue/enqueue-batch.ts";
import { findTask, listTasks } from "../../src/store/find.ts";
import { checkNewTask } from "../../src/task/doors/new-task.ts";
import { until } from "../until.ts";
import { createBed } from "./bed.ts";
import { executeJson, startRun } from "./executable.ts";
import { heldPayload, heldTask } from "./held-api.ts";

const bed = createBed();
const { env } = bed;
const enqueue = async (document: string) =>
  (await executeJson<{ id: number }>(["enqueue", heldTask, JSON.stringify(heldPayload(document))], env())).id;
const stateOf = async (id: number) => (await findTask(bed.store, id))?.state;
const leaseMs = 5_000;

describe("a worker that dies", () => {
  test("by kill -9 leaves its task to another, within the lease", async () => {
    const first = await startRun(["--lease", "5s"], env());
    const id = await enqueue("dies");
    await until(() => bed.api.arrived.length === 1);
    first.signal("SIGKILL");
    const killedAtMs = performance.now();
    await first.exited;

    const second = await startRun(["--lease", "5s"], env());
    await until(() => bed.api.arrived.length === 2, leaseMs * 2);
    // Five times in a lease somebody looks; a fifth more covers that.
    expect(performance.now() - killedAtMs).toBeLessThan(leaseMs * 1.2 + 2_000);
    bed.api.release();
    await second.line("task succeeded");
    expect(await findTask(bed.store, id)).toMatchObject({
      state: "succeeded",
      attempt: 2,
      errors: [{ attempt: 1, message: "the worker died or could not reach the database" }],
    });
    expect(await second.stop()).toBe(0);
  }, 30_000);

  test("only seemingly, frozen beyond its lease, is refused when it thaws, and goes on", async () => {
    const frozen = await startRun(["--lease", "5s"], env());
    const id = await enqueue("freezes");
    await until(() => bed.api.arrived.length === 1);
    frozen.signal("SIGSTOP");
    const other = await startRun(["--lease", "5s"], env());
    await until(() => bed.api.arrived.length === 2, leaseMs * 2);
    bed.api.release();
    await other.line("task succeeded");
    const finished = await findTask(bed.store, id);
    frozen.signal("SIGCONT");
    await frozen.line("outcome refused");
    expect(await findTask(bed.store, id)).toEqual(finished);
    expect(await other.stop()).toBe(0);

    const next = await enqueue("after the thaw");
    await until(async () => (await stateOf(next)) === "succeeded");
    expect(await frozen.stop()).toBe(0);
  }, 40_000);
});

describe("two workers on one database", () => {
  test("send each of 400 suppliers once, and never one twice at once", async () => {
    const workers = await Promise.all([
      startRun(["--concurrency", "20"], env()),
      startRun(["--concurrency", "20"], env()),
    ]);
    const documents = Array.from({ length: 400 }, (_, index) => `supplier ${index}`);
    const batch = await enqueueBatch(
      bed.store,
      { title: "two workers", skipped: {}, enqueuedBy: null },
      documents.map((document) => checkNewTask({ name: heldTask, payload: heldPayload(document) })),
    );
    // Both have their slots full before any call is answered: both take part.
    await until(() => bed.api.arrived.length === 40);
    bed.api.release();
    await until(
      async () => (await listTasks(bed.store, { batchId: batch.id, state: "succeeded" }, 500)).length === 400,
    );
    expect(bed.api.arrived.toSorted()).toEqual(documents.toSorted());
    expect(bed.api.mostAtOnce()).toBe(1);
    for (const worker of workers) expect(await worker.stop()).toBe(0);
  }, 30_000);
});

describe("a worker told to stop", () => {
  test("by SIGTERM ends what runs, takes nothing new and exits 0", async () => {
    const worker = await startRun([], env());
    const id = await enqueue("drains");
    await until(() => bed.api.arrived.length === 1);
    worker.signal("SIGTERM");
    await worker.line("stopping: SIGTERM");
    const next = await enqueue("comes too late");
    bed.api.release();
    expect(await worker.exited).toBe(0);
    expect(await stateOf(id)).toBe("succeeded");
    expect(await stateOf(next)).toBe("pending");
    await executeJson(["cancel", String(next)], env());
  }, 20_000);

  test("gives a task back uncounted when the drain time is over, and exits 75", async () => {
    const worker = await startRun(["--drain-timeout", "200ms"], env());
    const id = await enqueue("is given back");
    await until(() => bed.api.arrived.length === 1);
    expect(await worker.stop()).toBe(75);
    expect(await findTask(bed.store, id)).toMatchObject({ state: "pending", attempt: 0, errors: [] });
    await executeJson(["cancel", String(id)], env());
  }, 20_000);

  test("twice does not wait for the drain", async () => {
    const worker = await startRun(["--drain-timeout", "10m"], env());
    const id = await enqueue("is forced");
    await until(() => bed.api.arrived.length === 1);
    worker.signal("SIGINT");
    await worker.line("stopping: SIGINT");
    worker.signal("SIGINT");
    expect(await worker.exited).toBe(75);
    expect(await stateOf(id)).toBe("pending");
    await executeJson(["cancel", String(id)], env());
  }, 20_000);

  test("by --drain ends by itself when no due task is left", async () => {
    const id = await enqueue("the last");
    bed.api.release();
    const worker = await startRun(["--drain"], env());
    expect(await worker.exited).toBe(0);
    expect(await stateOf(id)).toBe("succeeded");
  }, 20_000);

  test("by --duration ends by itself after that long", async () => {
    const worker = await startRun(["--duration", "1s"], env());
    expect(await worker.exited).toBe(0);
    expect(worker.lines.at(-1)).toMatchObject({ message: "worker stopped" });
  }, 20_000);
});

describe("a cancel", () => {
  test("from another process aborts what runs within a second", async () => {
    const worker = await startRun([], env());
    const id = await enqueue("cancelled");
    await until(() => bed.api.arrived.length === 1);
    expect(await cancelTask(bed.store, id)).toEqual({ kind: "requested" });
    const askedAtMs = performance.now();
    await until(async () => (await stateOf(id)) === "cancelled", 5_000);
    expect(performance.now() - askedAtMs).toBeLessThan(1_000);
    expect(await worker.stop()).toBe(0);
  }, 30_000);
});
