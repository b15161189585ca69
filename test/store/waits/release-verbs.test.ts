/** What the other verbs do to a task that waits, and it to them. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { promoteTasks } from "../../../src/store/claim/promote.ts";
import { cancelTask } from "../../../src/store/control/cancel.ts";
import { changeTask } from "../../../src/store/control/change.ts";
import { deleteTask } from "../../../src/store/control/delete.ts";
import { retryTask, retryTasks } from "../../../src/store/control/retry.ts";
import { listTasks } from "../../../src/store/find.ts";
import { type ChainBed, createChainBed, fails } from "./chain-bed.ts";

let bed: ChainBed;
beforeAll(async () => {
  bed = await createChainBed();
});
afterEach(() => bed.clear());
afterAll(() => bed.drop());

describe("of a waiting task", () => {
  test("cancel and delete end the wait with it", async () => {
    const a = await bed.enqueue();
    const [cancelled, deleted] = [await bed.enqueue({ after: [a] }), await bed.enqueue({ after: [a] })];
    await cancelTask(bed.store, cancelled);
    await deleteTask(bed.store, deleted);
    await bed.look();
    expect(await bed.openWaits()).toBe(0);
    expect(await bed.run()).toEqual([a]);
    await retryTask(bed.store, cancelled);
    expect(await bed.run()).toEqual([cancelled]);
  });

  test("change leaves it waiting, also when it is to run now", async () => {
    const a = await bed.enqueue();
    const id = await bed.enqueue({ after: [a], delayMs: 3_600_000 });
    await changeTask(bed.store, id, { delayMs: 0, priority: 7, payload: { changed: true } });
    await promoteTasks(bed.store);
    expect(await bed.run()).toEqual([a]);
    await bed.look();
    expect(await bed.claimAll()).toMatchObject([{ id, priority: 7, payload: { changed: true } }]);
  });

  test("retry runs it now; of many at once it is left out", async () => {
    const a = await bed.enqueue({ delayMs: 3_600_000 });
    const id = await bed.enqueue({ after: [a] });
    expect(await retryTasks(bed.store, { state: "pending" })).toMatchObject({ total: 1 });
    expect(await bed.run()).toEqual([a]);
    const b = await bed.enqueue({ delayMs: 3_600_000 });
    const next = await bed.enqueue({ after: [b] });
    await retryTask(bed.store, next);
    await bed.look();
    expect(await bed.run()).toEqual([id, next]);
    expect(await bed.openWaits()).toBe(0);
  });

  test("the key is found: skipped, rescheduled without ending the wait, or replaced", async () => {
    const a = await bed.enqueue();
    const id = await bed.enqueue({ after: [a], key: "k" });
    expect(await bed.enqueue({ key: "k" })).toBe(id);
    expect(await bed.enqueue({ key: "k", onConflict: "reschedule", delayMs: 0 })).toBe(id);
    expect(await bed.stateOf(id)).toBe("waiting");
    const b = await bed.enqueue();
    const other = await bed.enqueue({ key: "k", onConflict: "replace", after: [b] });
    expect([await bed.stateOf(id), await bed.stateOf(other)]).toEqual(["cancelled", "waiting"]);
    expect(await bed.run()).toEqual([a, b]);
    await bed.look();
    expect(await bed.run()).toEqual([other]);
  });

  test("the serial key holds its place", async () => {
    const a = await bed.enqueue();
    const id = await bed.enqueue({ after: [a], serialKey: "s" });
    const later = await bed.enqueue({ serialKey: "s" });
    expect(await bed.run()).toEqual([a]);
    await bed.look();
    expect(await bed.run()).toEqual([id]);
    expect(await bed.run()).toEqual([later]);
  });

  test("the serial key does not hold up the very task that it waits for, when that is retried", async () => {
    const [a, b] = [await bed.enqueue({ serialKey: "s" }), await bed.enqueue({ delayMs: 3_600_000 })];
    const id = await bed.enqueue({ after: [a, b], serialKey: "s" });
    expect(await bed.run(fails)).toEqual([a]);
    await retryTask(bed.store, a);
    await retryTask(bed.store, b);
    expect(await bed.run()).toEqual([a, b]);
    await bed.look();
    expect(await bed.run()).toEqual([id]);
  });

  test("the next run of a repeat waits for nothing", async () => {
    const a = await bed.enqueue();
    const id = await bed.enqueue({ after: [a], repeatMs: 3_600_000 });
    await bed.run();
    await bed.look();
    expect(await bed.run()).toEqual([id]);
    const [next] = await listTasks(bed.store, { state: "pending" }, 1);
    expect(await bed.find(next?.id ?? 0)).toMatchObject({ waiting: false, after: null });
  });
});
