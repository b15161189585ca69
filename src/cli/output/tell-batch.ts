/** How commands tell of a batch that they have enqueued, and follow it when asked. Enqueuing it is theirs. */
import { batchJson } from "../../http/batches/batch-json.ts";
import type { Store } from "../../store/connection.ts";
import type { EnqueuedBatch } from "../../task/doors/enqueued.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { exitCodeOf, followBatch } from "./follow-batch.ts";
import { printJson, printLine } from "./print.ts";

interface TellOptions {
  /** What its tasks are called. */
  what: string;
  wait: boolean;
  json: boolean;
}

/** @returns the command's exit code: 1 when not all of a batch that was followed has succeeded. */
export async function tellBatch(
  store: Store,
  { id, total, skipped, created }: EnqueuedBatch,
  { what, wait, json }: TellOptions,
): Promise<ExitCode> {
  // Workers are to start while this command follows.
  await store.announcer.flush();
  if (!json) printLine(describe({ id, total, skipped, created }, what));
  const batch = wait ? await followBatch(store, id) : undefined;
  if (json) printJson(batch === undefined ? { id, total, skipped, created } : batchJson(batch));
  return batch === undefined ? exitCodes.ok : exitCodeOf(batch);
}

function describe({ id, total, skipped, created }: EnqueuedBatch, what: string): string {
  if (!created) return `batch ${id} has the key, with ${total} ${what}: nothing is added`;
  return `batch ${id}: ${total} ${what} enqueued, ${describeSkipped(skipped) ?? "none skipped"}`;
}

/** Such as `skipped: 2 no CNPJ`; undefined: none was. */
export function describeSkipped(skipped: Record<string, number>): string | undefined {
  const reasons = Object.entries(skipped).map(([reason, count]) => `${count} ${reason}`);
  return reasons.length === 0 ? undefined : `skipped: ${reasons.join(", ")}`;
}
