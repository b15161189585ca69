import { describe, expect, test } from "bun:test";
import { createLimitedBed } from "./limited-bed.ts";

const bed = createLimitedBed();
const { enqueue, change, claim, finish, look } = bed;

describe("the rate", () => {
  test("lets its count start at once and no more within its period", async () => {
    await enqueue(10);
    await change({ rate: { count: 4, periodMs: 60_000 } });
    expect(await claim(3)).toHaveLength(3);
    expect(await claim()).toHaveLength(1);
    expect(await claim()).toEqual([]);
  });

  test("goes on counting what started before it was changed", async () => {
    await enqueue(10);
    await change({ rate: { count: 2, periodMs: 60_000 } });
    await claim();
    await change({ rate: { count: 3, periodMs: 60_000 } });
    expect(await claim()).toHaveLength(1);
  });

  test("counts each start of a task that is retried", async () => {
    await enqueue(1);
    await change({ rate: { count: 2, periodMs: 60_000 } });
    for (const expected of [1, 1, 0]) {
      const tasks = await claim();
      expect(tasks).toHaveLength(expected);
      await finish(tasks, {
        kind: "errored",
        error: { message: "x", stack: null },
        retryAfterMs: 0,
      });
    }
  });

  test("of 20/1s over five claimers is held in every window, and used", async () => {
    await enqueue(61);
    await change({ rate: { count: 20, periodMs: 1_000 } });
    let started = 0;
    const claimer = async () => {
      while (started < 61) {
        const [next] = (await look()).waiting;
        if (next === undefined) return;
        if ((next.startsInMs ?? 0) > 0) await Bun.sleep((next.startsInMs ?? 0) + 1);
        const { length } = await claim(7);
        started += length;
      }
    };
    await Promise.all(Array.from({ length: 5 }, claimer));
    const [measured] = await bed.database.store.sql<{ closest: number; whole: number }[]>`
      with start as (
        select started_at, lag(started_at, 20) over (order by started_at) as twenty_before from fiscaut_tasks.task
      )
      select min(extract(epoch from started_at - twenty_before) * 1000)::float8 as closest,
             (extract(epoch from max(started_at) - min(started_at)) * 1000)::float8 as whole
      from start`;
    expect(started).toBe(61);
    expect(measured?.closest).toBeGreaterThanOrEqual(1_000);
    // Three whole periods lie between the first and the sixty-first: no more than a fifth is lost.
    expect(measured?.whole).toBeWithin(3_000, 3_600);
  }, 20_000);
});
