/** What a worker does once, when it has settled after its start. */

/** By then its first rounds are over, and what they need is known to be needed. */
const settledMs = 4_000;

/**
 * Lets go of the memory that only the start has needed, a fifth of what a worker at rest counts as. Where the system has
 * other ways nothing is done.
 */
export function restAfterStart(): void {
  if (process.platform !== "linux") return;
  setTimeout(async () => {
    const { dropCodePages } = await import("../../linux/code-pages.ts");
    try {
      dropCodePages();
    } catch {
      // It may not have /proc or that libc: then the memory stays as it is.
    }
  }, settledMs);
}
