/** `fiscaut.sync-suppliers`: the batch sync of one company's suppliers, as a task that enqueues its batch. */
import { z } from "zod";
import type { Source } from "../sources/source.ts";
import { OperatorError } from "../task/errors.ts";
import { PermanentError } from "../task/outcome.ts";
import { defineHandler, type Handler } from "./handler.ts";
import { type EnqueueBatch, enqueueSupplierBatch } from "./supplier-batch.ts";

export const syncSuppliersName = "fiscaut.sync-suppliers";

export const syncSuppliersPayload = z.strictObject({
  company: z.int().positive().describe("codi_emp"),
  source: z.string().min(1).describe("csv:DIR, as the worker's machine sees it"),
});

/** @param parseSource turns the payload's text into a source; throws OperatorError for one that it can't read. */
export function syncSuppliersHandler(
  parseSource: (text: string) => Source,
  enqueueBatch: EnqueueBatch,
): Handler {
  return defineHandler({
    name: syncSuppliersName,
    payload: syncSuppliersPayload,
    async run({ company, source }, { task, log }) {
      try {
        const batch = await enqueueSupplierBatch(enqueueBatch, {
          source: parseSource(source),
          companyCode: company,
          queue: task.queue,
          priority: task.priority,
          enqueuedBy: task.id,
          onSkip: (words) => log(`skipped: ${words}`),
        });
        return { batch: batch.id, enqueued: batch.total, skipped: batch.skipped };
      } catch (error) {
        // Wrong input stays wrong until somebody corrects it and retries the task.
        if (error instanceof OperatorError && error.kind !== "unavailable")
          throw new PermanentError(error.message);
        throw error;
      }
    },
  });
}
