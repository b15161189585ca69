/**
 * One clock for all processes of a run, in Node and in Bun: the wall clock in fractions of a millisecond. Each process
 * finds by a tick of `Date.now` where its own monotonic clock stands, since `performance.timeOrigin` is not exact everywhere.
 */
const originMs = findOrigin();

export const instantMs = () => originMs + performance.now();

function findOrigin() {
  const before = Date.now();
  for (;;) {
    const nowMs = Date.now();
    if (nowMs !== before) return nowMs - performance.now();
  }
}
