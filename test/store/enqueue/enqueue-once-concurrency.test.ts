/** Many who enqueue the same keys at once, while tasks are claimed and completed. */
import { describe, expect, test } from "bun:test";
import { findBatch } from "../../../src/store/batch.ts";
import { again, createOnceBed, succeeded } from "./once-bed.ts";

const bed = createOnceBed();

describe("under concurrency", () => {
  const count = 50;
  const atOnce = <Result>(work: (index: number) => Promise<Result>) =>
    Promise.all(Array.from({ length: count }, (_, index) => work(index)));

  test("of many enqueues of one key one task is created, and all tell its id", async () => {
    const results = await atOnce((payload) => bed.enqueue({ key: "k", payload }));
    expect(results.filter(({ outcome }) => outcome === "created")).toHaveLength(1);
    expect(new Set(results.map(({ id }) => id)).size).toBe(1);
    expect(await bed.liveWithKey("k")).toHaveLength(1);
  });

  test("of many that replace each other one is left, and the others are all in the history", async () => {
    const results = await atOnce((payload) => bed.enqueue({ key: "k", payload, onConflict: "replace" }));
    expect(new Set(results.map(({ id }) => id)).size).toBe(count);
    const live = await bed.liveWithKey("k");
    expect(live).toHaveLength(1);
    expect((await bed.cancelled()).sort()).toEqual(
      results
        .map(({ id }) => id)
        .filter((id) => id !== live[0])
        .sort(),
    );
  });

  test("every rule at once leaves one live task of the key", async () => {
    const rules = ["skip", "replace", "reschedule"] as const;
    await atOnce((index) => bed.enqueue({ key: "k", onConflict: rules[index % 3] ?? "skip" }));
    expect(await bed.liveWithKey("k")).toHaveLength(1);
  });

  test("no key is live twice, and nothing is lost, while tasks are claimed, retried and completed", async () => {
    let enqueuing = true;
    let cancels = 0;
    const worker = (async () => {
      for (let turn = 0; enqueuing; turn++)
        for (const task of await bed.claimAll(3)) {
          const [completed] = await bed.complete(task, turn % 2 === 0 ? succeeded : again);
          // A replaced one that ran.
          if (completed?.state === "cancelled") cancels += 1;
        }
    })();
    const rules = ["replace", "skip", "reschedule"] as const;
    const results = await atOnce(async (index) => {
      const ids: number[] = [];
      for (let i = 0; i < 6; i++) {
        const { id, outcome } = await bed.enqueue({
          key: `k${index % 3}`,
          onConflict: rules[(index + i) % 3] ?? "skip",
        });
        if (outcome === "created" || outcome === "replaced") ids.push(id);
        if (outcome === "replaced") cancels += 1;
      }
      return ids;
    });
    enqueuing = false;
    await worker;
    const twice = await bed.store.sql`
      select key from fiscaut_tasks.task where key is not null group by key having count(*) > 1`;
    expect(twice).toBeEmpty();
    const stored = await bed.store.sql<{ id: number }[]>`
      select id from fiscaut_tasks.task union all select id from fiscaut_tasks.task_history order by id`;
    expect(stored.map(({ id }) => id)).toEqual(results.flat().sort((a, b) => a - b));
    expect(await bed.cancelled()).toHaveLength(cancels);
  });

  test("a batch that replaces running tasks and their completions never wait for each other", async () => {
    const keys = Array.from({ length: 1_000 }, (_, index) => `key ${index}`);
    for (let round = 0; round < 5; round++) {
      await bed.clear();
      await bed.enqueueAll(keys.map((key) => ({ key })));
      const tasks = await bed.claimAll(keys.length);
      const [one, other] = [tasks.filter(({ id }) => id % 2 === 0), tasks.filter(({ id }) => id % 2 === 1)];
      const [batch] = await Promise.all([
        bed.enqueueAll(keys.toReversed().map((key) => ({ key, onConflict: "replace" as const }))),
        bed.completeAll(one.toReversed(), succeeded),
        bed.completeAll(other, succeeded),
      ]);
      expect(batch.total).toBe(keys.length);
      expect(await bed.cancelled()).toEqual([]);
    }
  });

  test("batches that name the same keys in opposite order neither fail nor double", async () => {
    const keys = Array.from({ length: 2_500 }, (_, index) => `key ${index}`);
    const backwards = keys.toReversed();
    const asTasks = (names: string[], onConflict: "skip" | "replace") =>
      names.map((key) => ({ key, onConflict }));
    const batches = await Promise.all([
      bed.enqueueAll(asTasks(keys, "skip")),
      bed.enqueueAll(asTasks(backwards, "skip")),
      bed.enqueueAll(asTasks(backwards, "replace")),
      bed.enqueueAll(asTasks(keys, "replace")),
    ]);
    const [counted] = await bed.store.sql<{ live: number; keys: number }[]>`
      select count(*) as live, count(distinct key) as keys from fiscaut_tasks.task`;
    expect(counted).toEqual({ live: keys.length, keys: keys.length });
    for (const { id, total } of batches) {
      const found = await findBatch(bed.store, id);
      expect([total, (found?.states.pending ?? 0) + (found?.states.cancelled ?? 0)]).toEqual([total, total]);
    }
  });
});
