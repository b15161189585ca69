/** `fiscaut.sync-suppliers`: the batch sync of one company's suppliers, as a task that enqueues its batch. */
import { z } from "zod";
import type { ReaderCommand } from "../sources/odbc/reader-process.ts";
import { holdsPassword, parseSource } from "../sources/parse-source.ts";
import { OperatorError } from "../task/errors.ts";
import { PermanentError } from "../task/outcome.ts";
import { defineHandler, type Handler } from "./handler.ts";
import { type EnqueueBatch, enqueueSupplierBatch } from "./supplier-batch.ts";

export const syncSuppliersName = "fiscaut.sync-suppliers";

export const syncSuppliersPayload = z.strictObject({
  company: z.int().positive().describe("codi_emp"),
  source: z
    .string()
    .min(1)
    // Payloads are stored and shown.
    .refine((text) => !holdsPassword(text), {
      error: "holds a password: leave it out and set FISCAUT_SOURCE where the worker runs",
    })
    .optional()
    .describe(
      "csv:DIR, postgres://USER@HOST/DATABASE or odbc:DSN=NAME, as the worker's machine sees it; by default its FISCAUT_SOURCE",
    ),
});

interface SyncSuppliersOptions {
  /** The worker's own, for payloads that name none. */
  source: string | undefined;
  odbcReader: ReaderCommand;
  enqueueBatch: EnqueueBatch;
}

export function syncSuppliersHandler(options: SyncSuppliersOptions): Handler {
  const { source: ownSource, odbcReader, enqueueBatch } = options;
  return defineHandler({
    name: syncSuppliersName,
    payload: syncSuppliersPayload,
    async run({ company, source = ownSource }, { task, log, signal }) {
      if (source === undefined)
        throw new PermanentError("the payload names no source, and this worker has none: set FISCAUT_SOURCE");
      try {
        const batch = await enqueueSupplierBatch(enqueueBatch, {
          source: parseSource(source, { command: odbcReader, signal }),
          companyCode: company,
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
