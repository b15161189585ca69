/** The handlers that every executable carries, and the payloads that they take. */
import type { z } from "zod";
import type { FiscautClient } from "../fiscaut/client.ts";
import { supplierPayloadSchema } from "../fiscaut/supplier.ts";
import type { Source } from "../sources/source.ts";
import { OperatorError } from "../task/errors.ts";
import { describeIssues } from "../task/new-task.ts";
import type { Handler } from "./handler.ts";
import type { EnqueueBatch } from "./supplier-batch.ts";
import { syncSupplierHandler, syncSupplierName } from "./sync-supplier.ts";
import { syncSuppliersHandler, syncSuppliersName, syncSuppliersPayload } from "./sync-suppliers.ts";

export interface BuiltInOptions {
  /** Without one, `fiscaut.sync-supplier` is left out, so that its tasks wait for a worker that can send them. */
  client: FiscautClient | undefined;
  parseSource: (text: string) => Source;
  enqueueBatch: EnqueueBatch;
}

export function builtInHandlers({ client, parseSource, enqueueBatch }: BuiltInOptions): Handler[] {
  const sendsSuppliers = client === undefined ? [] : [syncSupplierHandler(client)];
  return [...sendsSuppliers, syncSuppliersHandler(parseSource, enqueueBatch)];
}

const builtInPayloads: Record<string, z.ZodType> = {
  [syncSupplierName]: supplierPayloadSchema,
  [syncSuppliersName]: syncSuppliersPayload,
};

/**
 * For doors that enqueue without a worker at hand. A name that is not built in may have a handler elsewhere.
 * @throws OperatorError "usage"
 */
export function checkBuiltInPayload(name: string, payload: unknown): void {
  const parsed = builtInPayloads[name]?.safeParse(payload);
  if (parsed?.success === false)
    throw new OperatorError("usage", `the payload is not ${name}'s: ${describeIssues(parsed.error)}`);
}
