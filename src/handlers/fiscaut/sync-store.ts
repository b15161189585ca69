/** What of the store the sync's handlers and doors need: its verbs, bound to one. What they do is told by `store/sync/`. */
import type { RecordKey, RecordToSend, SendingAttempt, SendResult } from "../../task/sync/attempt.ts";
import type { AppliedReading, Reading, ReadRecord } from "../../task/sync/reading.ts";

export interface ReadingStore {
  listEnabledCompanies(): Promise<number[]>;
  /** Of `codes`, those that are not enabled. */
  findNotEnabled(codes: readonly number[]): Promise<number[]>;
  readClock(): Promise<string>;
  applyReading(reading: Reading, records: AsyncIterable<ReadRecord[]>): Promise<AppliedReading>;
}

export interface SendingStore {
  readRecordToSend(key: RecordKey, attempt: SendingAttempt): Promise<RecordToSend | undefined>;
  takeUpRecord(key: RecordKey, attempt: SendingAttempt): Promise<void>;
  letGoOfRecord(key: RecordKey, attempt: SendingAttempt): Promise<boolean>;
  noteSendResult(key: RecordKey, attempt: SendingAttempt, result: SendResult): Promise<{ newer: boolean }>;
}

export type SyncStore = ReadingStore & SendingStore;
