/**
 * Waits for a child process and sees to it that nothing of it is left, whether it ends by itself or is told to by the
 * attempt's signal. What its end means is for whoever has started it.
 */
import type { Subprocess } from "bun";
import type { ChildTree } from "./child-tree.ts";

/** What ends a child; shorter together than the engine's own grace, after which it takes the attempt's slot away. */
export interface EndLimits {
  /** From the request to stop to the kill. */
  graceMs: number;
  /** After a child's own end, or its work's, how long whoever has inherited its output may go on writing. */
  lingerMs: number;
}

const defaultLimits: EndLimits = { graceMs: 3_000, lingerMs: 1_000 };

export interface EndOptions {
  signal: AbortSignal;
  tree: ChildTree;
  /** Asks the child to stop. */
  onAbort: () => void;
  /** All of its output was read. Never rejects. */
  outputEnded: Promise<unknown>;
  /** It has done its work, and is left to end by itself. */
  finished?: Promise<unknown>;
  limits: EndLimits | undefined;
}

/**
 * Resolves when the child has ended and what it has left running was killed.
 * @returns whether that held its output open, so that the end of it was not waited for.
 */
export async function waitForEnd(child: Subprocess, options: EndOptions): Promise<{ leftOpen: boolean }> {
  const { signal, tree, onAbort, outputEnded, limits = defaultLimits } = options;
  const { promise: timeUp, resolve } = Promise.withResolvers<"time-up">();
  const timers: Timer[] = [];
  const giveUpAfter = (ms: number) => timers.push(setTimeout(() => resolve("time-up"), ms));
  const abort = () => {
    onAbort();
    giveUpAfter(limits.graceMs);
  };
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  for (const own of [child.exited, options.finished]) own?.then(() => giveUpAfter(limits.lingerMs));

  const first = await Promise.race([Promise.all([child.exited, outputEnded]), timeUp]);
  signal.removeEventListener("abort", abort);
  // It outlives the child as long as anything that that has started runs.
  tree.kill("SIGKILL");
  await child.exited;
  for (const timer of timers) clearTimeout(timer);
  return { leftOpen: first === "time-up" };
}
