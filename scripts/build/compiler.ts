/**
 * Sets an option of JavaScriptCore's in the Bun that an executable is made of: how often code runs before its last compiler, FTL,
 * takes it. It can be set from outside alone, by a variable that a process has from its start, and an operator should need none.
 *
 * The defaults of four neighbouring options are one constant of 16 bytes: thresholdForOptimizeSoon,
 * executionCounterIncrementForLoop, executionCounterIncrementForEntry and thresholdForFTLOptimizeAfterWarmUp.
 */

const before = [1_000, 1, 15, 64_000] as const;

/**
 * At 64,000, which is some four thousand tasks, a worker compiles half of itself once more in its first two seconds, which takes
 * more than it gains before several hundred thousand. A handler that computes reaches a million within milliseconds.
 */
const after = [1_000, 1, 15, 1_000_000] as const;

/**
 * Changes `bun` in place.
 * @throws Error where the constant is not there once, so that another Bun can't be left untuned without a sound.
 */
export function tuneCompiler(bun: Uint8Array): void {
  const bytes = Buffer.from(bun.buffer, bun.byteOffset, bun.byteLength);
  const constant = bytesOf(before);
  const at = bytes.indexOf(constant);
  if (at === -1 || bytes.indexOf(constant, at + 1) !== -1)
    throw new Error(
      "Bun's compiler is not the one that its option is set for: its thresholds are not there once",
    );
  bytesOf(after).copy(bytes, at);
}

const bytesOf = (numbers: readonly number[]) => Buffer.from(Int32Array.from(numbers).buffer);
