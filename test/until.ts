/**
 * How tests wait: for a condition, never for a time. Waiting for an event that can be awaited is left to the test.
 */
const pollMs = 10;

/**
 * Polls `condition` until it holds, and returns the value by which it did.
 * @throws after `limitMs`, showing the condition, or at once what the condition throws.
 */
export async function until<T>(condition: () => T | Promise<T>, limitMs = 10_000): Promise<Held<T>> {
  const startedMs = performance.now();
  for (;;) {
    const value = await condition();
    if (value) return value as Held<T>;
    if (performance.now() - startedMs > limitMs) throw new Error(`not so within ${limitMs} ms: ${condition}`);
    await Bun.sleep(pollMs);
  }
}

type Held<T> = Exclude<T, undefined | null | false | 0 | "">;
