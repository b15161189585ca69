/** Tasks that wait for others: when they are released, and when they fail. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { promoteTasks } from "../../../src/store/claim/promote.ts";
import { cancelTask } from "../../../src/store/control/cancel.ts";
import { deleteTask } from "../../../src/store/control/delete.ts";
import { retryTask } from "../../../src/store/control/retry.ts";
import { readFigures } from "../../../src/store/figures.ts";
import { listTasks } from "../../../src/store/find.ts";
import { findWaitersOf } from "../../../src/store/waits/release.ts";
import { type ChainBed, createChainBed, fails, succeeds } from "./chain-bed.ts";

let bed: ChainBed;
beforeAll(async () => {
  bed = await createChainBed();
});
afterEach(() => bed.clear());
afterAll(() => bed.drop());

const messageOf = async (id: number) => (await bed.find(id)).error?.message;

describe("a task after others", () => {
  test("is pending and not due, tells what it waits for, and runs once all have succeeded", async () => {
    const [first, second] = [await bed.enqueue(), await bed.enqueue()];
    const id = await bed.enqueue({ after: [second, first, second] });
    expect(await bed.find(id)).toMatchObject({
      state: "pending",
      waiting: true,
      after: { tasks: [second, first], batches: [], onFailure: "fail" },
      waitsFor: [
        { taskId: first, state: "pending" },
        { taskId: second, state: "pending" },
      ],
    });
    expect(await listTasks(bed.store, { state: "pending" }, 1)).toMatchObject([{ id, waiting: true }]);

    const [one, other] = await bed.claimAll();
    if (one === undefined || other === undefined) throw new Error("both were due");
    await bed.complete([one], succeeds);
    await bed.look();
    expect(await bed.find(id)).toMatchObject({
      waiting: true,
      waitsFor: [{ taskId: second, state: "running" }],
    });
    await bed.complete([other], succeeds);
    await bed.look();
    expect(await bed.find(id)).toMatchObject({ waiting: false, waitsFor: [] });
    const [claimed] = await bed.claimAll();
    expect(claimed).toMatchObject({ id, after: { tasks: [second, first], batches: [], onFailure: "fail" } });
    if (claimed !== undefined) await bed.complete([claimed], succeeds);
    expect(await bed.find(id)).toMatchObject({ state: "succeeded", after: { tasks: [second, first] } });
    expect(await bed.openWaits()).toBe(0);
  });

  test("is released by the hint of the last end alone, and by no earlier one", async () => {
    const [a, b] = [await bed.enqueue(), await bed.enqueue()];
    const id = await bed.enqueue({ after: [a, b] });
    const [one, other] = await bed.claimAll();
    if (one === undefined || other === undefined) throw new Error("both were due");
    await bed.hint(await bed.complete([one], succeeds));
    expect(await bed.stateOf(id)).toBe("waiting");
    await bed.hint(await bed.complete([other], succeeds));
    expect(await bed.stateOf(id)).toBe("pending");
  });

  test("is found by the look through all when whoever has noted the last end died before releasing it", async () => {
    const id = await bed.enqueue({ after: [await bed.enqueue()] });
    expect(await findWaitersOf(bed.store, await bed.complete(await bed.claimAll(), succeeds))).toEqual([id]);
    expect([await bed.stateOf(id), await bed.openWaits()]).toEqual(["waiting", 0]);
    await bed.look();
    expect(await bed.run()).toEqual([id]);
  });

  test("after what has ended already does not wait at all, or fails at once", async () => {
    const [good] = [await bed.enqueue(), await bed.run()];
    expect(await bed.stateOf(await bed.enqueue({ after: [good] }))).toBe("pending");
    await bed.run();
    const [bad] = [await bed.enqueue(), await bed.run(fails)];
    const failed = await bed.enqueue({ after: [good, bad] });
    expect(await bed.stateOf(failed)).toBe("failed");
    expect(await bed.find(failed)).toMatchObject({
      attempt: 0,
      startedAt: null,
      errors: [{ attempt: 0, workerId: null, message: `task ${bad}, which it waited for, failed` }],
    });
    expect(await bed.stateOf(await bed.enqueue({ after: { tasks: [bad], onFailure: "ignore" } }))).toBe(
      "pending",
    );
  });

  test("is due only when its own time has come too", async () => {
    const [a] = [await bed.enqueue(), await bed.run()];
    const id = await bed.enqueue({ after: [a], delayMs: 3_600_000 });
    expect(await bed.stateOf(id)).toBe("pending");
    expect(await bed.run()).toEqual([]);
    expect((await promoteTasks(bed.store)).nextInMs).toBeGreaterThan(3_500_000);
  });

  test("is neither due nor promoted while it waits, though its time is past, and health does not count it", async () => {
    const a = await bed.enqueue({ delayMs: 3_600_000 });
    await bed.enqueue({ after: [a] });
    expect(await promoteTasks(bed.store)).toMatchObject({ promoted: 0 });
    expect(await readFigures(bed.store)).toMatchObject({ oldestDueMs: null });
    expect(await bed.run()).toEqual([]);
  });

  test("of a diamond runs after both arms", async () => {
    const top = await bed.enqueue();
    const arms = [await bed.enqueue({ after: [top] }), await bed.enqueue({ after: [top] })];
    const bottom = await bed.enqueue({ after: arms });
    const order = [];
    for (let round = 0; round < 3; round++) {
      order.push(await bed.run());
      await bed.look();
    }
    expect(order).toEqual([[top], arms, [bottom]]);
  });

  test("waits for 1,000 of them, a hint at a time", async () => {
    const batch = await bed.enqueueAll(Array.from({ length: 1000 }, () => ({})));
    const tasks = (
      await bed.store.sql<{ id: number }[]>`
      select id from fiscaut_tasks.task where batch_id = ${batch.id}`
    ).map(({ id }) => id);
    const id = await bed.enqueue({ after: tasks });
    for (let done = 0; done < 1000; done += 100) {
      expect(await bed.stateOf(id)).toBe("waiting");
      await bed.hint(await bed.complete(await bed.claimAll(100), succeeds));
    }
    expect(await bed.stateOf(id)).toBe("pending");
    expect(await bed.openWaits()).toBe(0);
  });

  test("of many thousands after one are all released", async () => {
    const a = await bed.enqueue();
    await bed.enqueueAll(Array.from({ length: 2_500 }, () => ({ after: [a] })));
    expect(await bed.run()).toEqual([a]);
    await bed.look();
    expect(await bed.claimAll()).toHaveLength(2_500);
  });
});

describe("a predecessor that does not succeed", () => {
  test("fails what waits for it, and what waits for that, when all have ended", async () => {
    const [bad, slow] = [await bed.enqueue(), await bed.enqueue({ delayMs: 3_600_000 })];
    const first = await bed.enqueue({ after: [bad, slow] });
    const second = await bed.enqueue({ after: [first] });
    const third = await bed.enqueue({ after: [second] });
    const whatever = await bed.enqueue({ after: { tasks: [third], onFailure: "ignore" } });
    await bed.run(fails);
    await bed.look();
    expect(await bed.stateOf(first)).toBe("waiting");
    await retryTask(bed.store, slow);
    await bed.run();
    await bed.look();
    expect([await messageOf(first), await messageOf(second), await messageOf(third)]).toEqual([
      `task ${bad}, which it waited for, failed`,
      `task ${first}, which it waited for, failed`,
      `task ${second}, which it waited for, failed`,
    ]);
    expect(bed.events.map((event) => event.kind === "wait-failed" && event.task.id)).toEqual([
      first,
      second,
      third,
    ]);
    expect(await bed.run()).toEqual([whatever]);
  });

  test("may be retried before the others have ended, and the chain goes on", async () => {
    const [bad, slow] = [await bed.enqueue(), await bed.enqueue({ delayMs: 3_600_000 })];
    const id = await bed.enqueue({ after: [bad, slow] });
    await bed.hint(await bed.complete(await bed.claimAll(), fails));
    expect((await bed.find(id)).waitsFor).toEqual([
      { taskId: bad, state: "failed" },
      { taskId: slow, state: "pending" },
    ]);
    await retryTask(bed.store, bad);
    await retryTask(bed.store, slow);
    await bed.run();
    await bed.look();
    expect(await bed.run()).toEqual([id]);
  });

  test("that is retried later revives nobody; the one that failed for it runs by its own retry, at once", async () => {
    const [bad] = [await bed.enqueue(), await bed.run(fails)];
    const id = await bed.enqueue({ after: [bad] });
    await retryTask(bed.store, bad);
    await bed.look();
    expect(await bed.stateOf(id)).toBe("failed");
    await retryTask(bed.store, id);
    expect(await bed.run()).toEqual([bad, id]);
  });

  test("by cancel or delete is told as such", async () => {
    const [a, b] = [await bed.enqueue(), await bed.enqueue()];
    const [afterA, afterB] = [await bed.enqueue({ after: [a] }), await bed.enqueue({ after: [b] })];
    await cancelTask(bed.store, a);
    await deleteTask(bed.store, b);
    await bed.look();
    expect([await messageOf(afterA), await messageOf(afterB)]).toEqual([
      `task ${a}, which it waited for, was cancelled`,
      `task ${b}, which it waited for, was deleted`,
    ]);
  });

  test("after its success, by delete or pruning, harms nobody", async () => {
    const a = await bed.enqueue();
    const b = await bed.enqueue({ delayMs: 3_600_000 });
    const id = await bed.enqueue({ after: [a, b] });
    await bed.run();
    await bed.look();
    await deleteTask(bed.store, a);
    await retryTask(bed.store, b);
    await bed.run();
    await bed.look();
    expect(await bed.run()).toEqual([id]);
  });

  test("fails a repeating task as its own last error would: it goes on only where that was asked for", async () => {
    const [bad] = [await bed.enqueue(), await bed.run(fails)];
    const repeatMs = 3_600_000;
    const ends = await bed.enqueue({ after: [bad], repeatMs });
    const goesOn = await bed.enqueue({ after: [bad], repeatMs, repeatAfterFailure: true });
    const live = await listTasks(bed.store, { state: "pending" }, 10);
    expect([await bed.stateOf(ends), await bed.stateOf(goesOn)]).toEqual(["failed", "failed"]);
    expect(live).toMatchObject([{ waiting: false, repeat: { everyMs: repeatMs } }]);
  });
});

describe("what can't be waited for is refused, and nothing is enqueued", () => {
  test("an unknown task or batch", async () => {
    const a = await bed.enqueue();
    expect(await bed.refusal(bed.enqueue({ after: [a, 999_999_998, 999_999_999] }))).toBe(
      "usage: after: there is no task 999999998 to wait for",
    );
    expect(await bed.refusal(bed.enqueue({ after: { tasks: [a], batches: [999_999] } }))).toBe(
      "usage: after: there is no batch 999999 to wait for",
    );
    expect(await listTasks(bed.store, {}, 10)).toHaveLength(1);
  });

  test("the batch that the task itself is of", async () => {
    const { id } = await bed.enqueueAll([]);
    const guess = id + 1;
    expect(await bed.refusal(bed.enqueueAll([{ after: { batches: [guess] } }]))).toBe(
      `usage: a task can't wait for its own batch ${guess}`,
    );
  });

  test("anything but its batch, by a completion task", async () => {
    const a = await bed.enqueue();
    expect(await bed.refusal(bed.enqueueAll([], { after: [a] }))).toMatch(/whenComplete waits for its batch/);
  });
});
