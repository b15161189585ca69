/** Follows a batch on the terminal until it is complete: a bar that redraws itself, or a line now and then. */
import { stderr } from "../../log/sync-stream.ts";
import { findBatch } from "../../store/batch.ts";
import type { Store } from "../../store/connection.ts";
import { readFigures } from "../../store/figures.ts";
import type { Batch } from "../../task/doors/batch.ts";
import { OperatorError } from "../../task/errors.ts";
import { describeTimeLeft } from "../../task/time/pace.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { openProgress } from "./progress.ts";

const barIntervalMs = 250;
/** Of a batch that takes long to count: how much of the time is left to others. */
const restPerCount = 9;
const lineIntervalMs = 5_000;
const barWidth = 30;

/**
 * Ctrl+C ends the watching, not the batch.
 * @throws OperatorError "failed" when there is no such batch, or no more.
 */
export async function followBatch(store: Store, id: number): Promise<Batch> {
  if ((await readFigures(store)).workers === 0)
    stderr.write("no worker is running yet. Try: fiscaut-tasks run\n");
  const progress = openProgress();
  let linedAtMs = Number.NEGATIVE_INFINITY;
  for (;;) {
    const askedAtMs = performance.now();
    const batch = await findBatch(store, id);
    if (batch === undefined) throw unknownBatch(id);
    const tookMs = performance.now() - askedAtMs;
    const finished = batch.total - batch.states.pending - batch.states.running;
    const text = describe(batch, finished);
    if (stderr.isTTY) {
      progress.show(`${drawBar(finished, batch.total)} ${text}`);
      if (batch.complete) stderr.write("\n");
    } else if (batch.complete || performance.now() - linedAtMs >= lineIntervalMs) {
      stderr.write(`${text}\n`);
      linedAtMs = performance.now();
    }
    if (batch.complete) return batch;
    await Bun.sleep(Math.max(barIntervalMs, tookMs * restPerCount));
  }
}

export const unknownBatch = (id: number) =>
  new OperatorError("failed", `there is no batch ${id}`, { hint: "fiscaut-tasks batch list" });

/** Of a batch that was followed to its end. */
export const exitCodeOf = ({ states, total }: Batch): ExitCode =>
  states.succeeded === total ? exitCodes.ok : exitCodes.failed;

/** Such as `58.9/min, about 40 min left`, or why nothing goes on; empty where nothing can be told yet. */
export function describePace({ total, states, pace }: Batch): string {
  const { finishedLastMinute, perSecond, etaSeconds, stalled } = pace;
  const begun = states.pending + states.running < total;
  const parts: string[] = [];
  if (perSecond !== null)
    parts.push(perSecond < 1 ? `${(perSecond * 60).toFixed(1)}/min` : `${perSecond.toFixed(1)}/s`);
  if (stalled !== null) parts.push(stalled);
  else if (etaSeconds !== null) parts.push(describeTimeLeft(etaSeconds));
  else if (begun && finishedLastMinute === 0) parts.push("none finished in the last minute");
  return parts.join(", ");
}

function describe(batch: Batch, finished: number): string {
  const { total, states, retrying, complete } = batch;
  const parts = [`${finished}/${total}`];
  for (const state of ["failed", "cancelled"] as const)
    if (states[state] > 0) parts.push(`${states[state]} ${state}`);
  if (retrying > 0) parts.push(`${retrying} waiting to be retried`);
  if (!complete) parts.push(describePace(batch));
  return parts.filter((part) => part !== "").join(", ");
}

function drawBar(finished: number, total: number): string {
  const filled = total === 0 ? barWidth : Math.floor((finished / total) * barWidth);
  return `[${"#".repeat(filled)}${"-".repeat(barWidth - filled)}]`;
}
