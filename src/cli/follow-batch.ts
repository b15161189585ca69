/** Follows a batch on the terminal until it is complete: a bar that redraws itself, or a line now and then. */
import { stderr } from "../log/sync-stream.ts";
import { findBatch } from "../store/batch.ts";
import type { Store } from "../store/connection.ts";
import { readFigures } from "../store/figures.ts";
import type { Batch } from "../task/doors/batch.ts";
import { OperatorError } from "../task/errors.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";

const barIntervalMs = 250;
const lineIntervalMs = 5_000;
const barWidth = 30;

/**
 * Ctrl+C ends the watching, not the batch.
 * @throws OperatorError "failed" when there is no such batch, or no more.
 */
export async function followBatch(store: Store, id: number): Promise<Batch> {
  if ((await readFigures(store)).workers === 0)
    stderr.write("no worker is running yet. Try: fiscaut-tasks run\n");
  const startedAtMs = performance.now();
  let linedAtMs = Number.NEGATIVE_INFINITY;
  let finishedBefore: number | undefined;
  for (;;) {
    const batch = await findBatch(store, id);
    if (batch === undefined) throw unknownBatch(id);
    const finished = batch.total - batch.states.pending - batch.states.running;
    finishedBefore ??= finished;
    const elapsedMs = performance.now() - startedAtMs;
    const perSecond = ((finished - finishedBefore) / elapsedMs) * 1000;
    const text = describe(batch, finished, perSecond);
    if (stderr.isTTY) {
      stderr.write(`\r\u001b[2K${drawBar(finished, batch.total)} ${text}${batch.complete ? "\n" : ""}`);
    } else if (batch.complete || performance.now() - linedAtMs >= lineIntervalMs) {
      stderr.write(`${text}\n`);
      linedAtMs = performance.now();
    }
    if (batch.complete) return batch;
    await Bun.sleep(barIntervalMs);
  }
}

export const unknownBatch = (id: number) =>
  new OperatorError("failed", `there is no batch ${id}`, { hint: "fiscaut-tasks batch list" });

/** Of a batch that was followed to its end. */
export const exitCodeOf = ({ states, total }: Batch): ExitCode =>
  states.succeeded === total ? exitCodes.ok : exitCodes.failed;

function describe({ total, states, retrying, complete }: Batch, finished: number, perSecond: number): string {
  const parts = [`${finished}/${total}`];
  for (const state of ["failed", "cancelled"] as const)
    if (states[state] > 0) parts.push(`${states[state]} ${state}`);
  if (retrying > 0) parts.push(`${retrying} waiting to be retried`);
  if (!complete && perSecond > 0)
    parts.push(`${perSecond.toFixed(1)}/s`, `about ${Math.ceil((total - finished) / perSecond)} s left`);
  return parts.join(", ");
}

function drawBar(finished: number, total: number): string {
  const filled = total === 0 ? barWidth : Math.floor((finished / total) * barWidth);
  return `[${"#".repeat(filled)}${"-".repeat(barWidth - filled)}]`;
}
