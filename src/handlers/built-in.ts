/** The handlers that every executable carries, and the payloads that they take. */
import { supplierPayloadSchema } from "../fiscaut/supplier.ts";
import type { ReaderCommand } from "../sources/odbc/reader-process.ts";
import type { ApiGate } from "./fiscaut/api-gate.ts";
import type { Handler } from "./handler.ts";
import { createPayloadCheck, type PayloadSchema } from "./payload.ts";
import type { EnqueueBatch } from "./supplier-batch.ts";
import { syncSupplierHandler, syncSupplierName } from "./sync-supplier.ts";
import { syncSuppliersHandler, syncSuppliersName, syncSuppliersPayload } from "./sync-suppliers.ts";

export interface BuiltInOptions {
  /** Without one, `fiscaut.sync-supplier` is left out, so that its tasks wait for a worker that can send them. */
  gate: ApiGate | undefined;
  /** As `parseSource` takes it. Without one, tasks must name theirs. */
  source: string | undefined;
  /** Starts the process that reads over ODBC. */
  odbcReader: ReaderCommand;
  enqueueBatch: EnqueueBatch;
}

export function builtInHandlers({ gate, source, odbcReader, enqueueBatch }: BuiltInOptions): Handler[] {
  const sendsSuppliers = gate === undefined ? [] : [syncSupplierHandler(gate)];
  return [...sendsSuppliers, syncSuppliersHandler({ source, odbcReader, enqueueBatch })];
}

const builtInPayloads: ReadonlyMap<string, PayloadSchema> = new Map<string, PayloadSchema>([
  [syncSupplierName, supplierPayloadSchema],
  [syncSuppliersName, syncSuppliersPayload],
]);

/** Also of those that this worker leaves out: an operator's own handler may not have them. */
export const builtInNames: readonly string[] = [...builtInPayloads.keys()];

/** For doors that enqueue without a worker at hand. A name that is not built in may have a handler elsewhere. */
export const checkBuiltInPayloads = createPayloadCheck((name) => builtInPayloads.get(name));
