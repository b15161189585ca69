import { expect, test } from "bun:test";
import { ClaimWatch } from "../../../src/http/health/claim-watch.ts";
import { wellWorker } from "../app-under-test.ts";

test("a free slot without a claim is a fault only after the limit", () => {
  const watch = new ClaimWatch(1_000);
  expect(watch.look(wellWorker, 0)).toBeUndefined();
  expect(watch.look(wellWorker, 1_000)).toBeUndefined();
  expect(watch.look(wellWorker, 1_001)).toBe(1_001);
});

test("a claim starts the count again", () => {
  const watch = new ClaimWatch(1_000);
  watch.look(wellWorker, 0);
  expect(watch.look({ ...wellWorker, lastClaimAt: new Date() }, 5_000)).toBeUndefined();
});

test("the old claim of a worker whose slots were all taken is no fault", () => {
  const watch = new ClaimWatch(1_000);
  const full = { ...wellWorker, running: wellWorker.slots };
  expect(watch.look(full, 0)).toBeUndefined();
  expect(watch.look(full, 60_000)).toBeUndefined();
  expect(watch.look(wellWorker, 60_001)).toBeUndefined();
});

test("a worker that may not claim is not watched", () => {
  for (const may of [{ workerId: undefined }, { stopping: true }]) {
    const watch = new ClaimWatch(1_000);
    watch.look({ ...wellWorker, ...may }, 0);
    expect(watch.look({ ...wellWorker, ...may }, 60_000)).toBeUndefined();
  }
});

test("a worker that has never claimed is watched from the first look", () => {
  const watch = new ClaimWatch(1_000);
  const fresh = { ...wellWorker, lastClaimAt: undefined };
  watch.look(fresh, 0);
  expect(watch.look(fresh, 2_000)).toBe(2_000);
});
