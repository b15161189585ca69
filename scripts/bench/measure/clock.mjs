/**
 * One clock for all processes of a run, in Node and in Bun: the wall clock in fractions of a millisecond. Each process
 * finds out where its own monotonic clock stands, since `performance.timeOrigin` is some milliseconds off now and then.
 */
const exactMs = 0.02;
const limitMs = 50;
const originMs = findOrigin();

export const instantMs = () => originMs + performance.now();

/** Each look at both clocks bounds the difference from below and above; a look that was interrupted bounds it less. */
function findOrigin() {
  let least = Number.NEGATIVE_INFINITY;
  let most = Number.POSITIVE_INFINITY;
  const startedMs = performance.now();
  for (;;) {
    const beforeMs = performance.now();
    const wholeMs = Date.now();
    const afterMs = performance.now();
    least = Math.max(least, wholeMs - afterMs);
    most = Math.min(most, wholeMs + 1 - beforeMs);
    if (most - least < exactMs || afterMs - startedMs > limitMs) return (least + most) / 2;
  }
}
