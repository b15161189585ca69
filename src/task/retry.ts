/** How long a task waits after an attempt that had an error. */

/** Django's first retry comes after 6 s; the 24th after four days. */
const djangoBackoffSeconds = (attempt: number) => attempt ** 4 + 5;

/**
 * `attempt ^ 4 + 5` seconds, as django-background-tasks.
 * @param attempt the one that had the error, from 1.
 */
export function backoffMs(attempt: number): number {
  return djangoBackoffSeconds(attempt) * 1000;
}
