/** Batches that are waited for, and their completion tasks. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { listTasks } from "../../../src/store/find.ts";
import { type ChainBed, createChainBed, fails, succeeds } from "./chain-bed.ts";

let bed: ChainBed;
beforeAll(async () => {
  bed = await createChainBed();
});
afterEach(() => bed.clear());
afterAll(() => bed.drop());

const messageOf = async (id: number) => (await bed.find(id)).error?.message;

describe("a batch as predecessor", () => {
  test("counts when none of its tasks is live: without failure, or however it went", async () => {
    const batch = await bed.enqueueAll([{}, {}]);
    const strict = await bed.enqueue({ after: { batches: [batch.id] } });
    const lenient = await bed.enqueue({ after: { batches: [batch.id], onFailure: "ignore" } });
    const [one, other] = await bed.claimAll();
    if (one === undefined || other === undefined) throw new Error("both were due");
    await bed.hint(await bed.complete([one], fails));
    expect((await bed.find(strict)).waitsFor).toEqual([{ batchId: batch.id, live: 1, failed: 1 }]);
    await bed.hint(await bed.complete([other], succeeds));
    expect(await messageOf(strict)).toBe(
      `batch ${batch.id}, which it waited for, has failed or cancelled tasks`,
    );
    expect(await bed.run()).toEqual([lenient]);
  });

  test("that is empty or has succeeded before holds nobody up", async () => {
    const empty = await bed.enqueueAll([]);
    const done = await bed.enqueueAll([{}]);
    await bed.run();
    const id = await bed.enqueue({ after: { batches: [empty.id, done.id] } });
    expect(await bed.run()).toEqual([id]);
  });

  test("with a replaced task has not succeeded: what replaced it is not of the batch", async () => {
    const batch = await bed.enqueueAll([{ key: "k" }]);
    const id = await bed.enqueue({ after: { batches: [batch.id] } });
    await bed.enqueue({ key: "k", onConflict: "replace" });
    await bed.look();
    expect(await bed.stateOf(id)).toBe("failed");
  });

  test("enqueues its completion task with it, which runs when the last has ended", async () => {
    const batch = await bed.enqueueAll([{}, {}], { title: "all done" });
    expect(batch.total).toBe(2);
    await bed.run(fails);
    await bed.look();
    const [completion] = await bed.claimAll();
    expect(completion).toMatchObject({
      batchId: null,
      after: { tasks: [], batches: [batch.id], onFailure: "ignore" },
    });
    expect(await bed.claimAll()).toEqual([]);
  });

  test("that is empty has its completion task due at once", async () => {
    await bed.enqueueAll([], {});
    expect(await bed.claimAll()).toHaveLength(1);
  });

  test("that fails to be read leaves no completion task behind", async () => {
    const reading = bed.enqueueAll([{ after: [999_999_999] }], {});
    expect(await bed.refusal(reading)).toBe("usage: after: there is no task 999999999 to wait for");
    expect(await listTasks(bed.store, {}, 10)).toEqual([]);
  });
});
