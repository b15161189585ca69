/** The results of the checks as lines for people. */
import type { Result } from "./check.ts";

/** A line a check; what was skipped for one reason stands in one line. */
export function* describeResults(results: readonly Result[]): Generator<string> {
  for (const [index, { name, status, text, cure }] of results.entries()) {
    const same = (other: Result | undefined) =>
      status === "skip" && other?.status === status && other.text === text;
    if (same(results[index - 1])) continue;
    const names = [name];
    for (let next = index + 1; same(results[next]); next++) names.push(results[next]?.name ?? "");
    yield `${status}  ${names.join(", ")}: ${text}${cure === undefined ? "" : `. Cure: ${cure}`}`;
  }
}
