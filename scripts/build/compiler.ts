/**
 * Sets an option of JavaScriptCore's in the Bun that an executable is made of: how often code runs before its last compiler, FTL,
 * takes it. It can be set from outside alone, by a variable that a process has from its start, and an operator should need none.
 *
 * The defaults of four neighbouring options are one constant of 16 bytes: thresholdForOptimizeSoon,
 * executionCounterIncrementForLoop, executionCounterIncrementForEntry and thresholdForFTLOptimizeAfterWarmUp.
 */

const thresholds = Buffer.from(Int32Array.of(1_000, 1, 15, 64_000).buffer);
const lastAt = 12;

/**
 * At 64,000, which is some four thousand tasks, a worker's own code is compiled so in its first two seconds, which costs more than
 * it gains in 20,000 tasks and as much in some 100,000. A handler that computes reaches a million within milliseconds.
 */
const lastThreshold = 1_000_000;

/**
 * Changes `bun` in place.
 * @throws Error where the constant is not there once, so that another Bun can't be left untuned without a sound.
 */
export function tuneCompiler(bun: Uint8Array): void {
  const bytes = Buffer.from(bun.buffer, bun.byteOffset, bun.byteLength);
  const at = bytes.indexOf(thresholds);
  if (at === -1 || bytes.indexOf(thresholds, at + 1) !== -1)
    throw new Error(
      "Bun's compiler is not the one that its option is set for: its thresholds are not there once",
    );
  bytes.writeInt32LE(lastThreshold, at + lastAt);
}
