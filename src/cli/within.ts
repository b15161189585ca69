/**
 * Bounds what may hang: what `work` comes to or, where it takes longer than `limitMs`, what `late` does. The work itself
 * goes on. Rejects as they do.
 */
export async function within<Result>(
  limitMs: number,
  work: () => Result | Promise<Result>,
  late: () => Result,
): Promise<Result> {
  const { promise: timeUp, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, limitMs);
  try {
    return await Promise.race([(async () => work())(), timeUp.then(late)]);
  } finally {
    clearTimeout(timer);
  }
}
