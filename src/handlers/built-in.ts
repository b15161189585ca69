/** The handlers that every executable carries, and the payloads that they take. */
import type { ReaderCommand } from "../sources/odbc/reader-process.ts";
import { readTaskName, recordKinds, sendTaskName } from "../task/sync/record.ts";
import { readPayload, sendPayload } from "./fiscaut/payloads.ts";
import { type RecordSender, syncRecordHandler } from "./fiscaut/sync-record.ts";
import { syncRecordsHandler } from "./fiscaut/sync-records.ts";
import type { SyncStore } from "./fiscaut/sync-store.ts";
import type { Handler } from "./handler.ts";
import { createPayloadCheck, type PayloadSchema } from "./payload.ts";

export interface BuiltInOptions {
  /** Without one, those that send records are left out, so that their tasks wait for a worker that can send them. */
  sender: RecordSender | undefined;
  /** As `parseSource` takes it. Without one, tasks must name theirs. */
  source: string | undefined;
  /** Starts the process that reads over ODBC. */
  odbcReader: ReaderCommand;
  store: SyncStore;
}

const readKinds = [...recordKinds, "all"] as const;

export function builtInHandlers({ sender, source, odbcReader, store }: BuiltInOptions): Handler[] {
  const sending =
    sender === undefined ? [] : recordKinds.map((kind) => syncRecordHandler(kind, { sender, store }));
  return [...sending, ...readKinds.map((kind) => syncRecordsHandler(kind, { source, odbcReader, store }))];
}

const builtInPayloads: ReadonlyMap<string, () => PayloadSchema> = new Map<string, () => PayloadSchema>([
  ...recordKinds.map((kind) => [sendTaskName(kind), sendPayload] as const),
  ...readKinds.map((kind) => [readTaskName(kind), readPayload] as const),
]);

/** Also of those that this worker leaves out: an operator's own handler may not have them. */
export const builtInNames: readonly string[] = [...builtInPayloads.keys()];

/** For doors that enqueue without a worker at hand. A name that is not built in may have a handler elsewhere. */
export const checkBuiltInPayloads = createPayloadCheck((name) => builtInPayloads.get(name)?.());
