/** Binds the store's verbs of the sync for handlers and commands: `handlers/` knows no store. */
import type { SyncStore } from "../handlers/fiscaut/sync-store.ts";
import type { Store } from "../store/connection.ts";
import { applyReading, readClock } from "../store/sync/apply-reading.ts";
import { findNotEnabled, listEnabledCompanies } from "../store/sync/companies.ts";
import { letGoOfRecord, noteSendResult, readRecordToSend, takeUpRecord } from "../store/sync/send-record.ts";

export function bindSyncStore(store: Store): SyncStore {
  return {
    listEnabledCompanies: () => listEnabledCompanies(store),
    findNotEnabled: (codes) => findNotEnabled(store, codes),
    readClock: () => readClock(store),
    applyReading: (reading, records) => applyReading(store, reading, records),
    readRecordToSend: (key, attempt) => readRecordToSend(store, key, attempt),
    takeUpRecord: (key, attempt) => takeUpRecord(store, key, attempt),
    letGoOfRecord: (key, attempt) => letGoOfRecord(store, key, attempt),
    noteSendResult: (key, attempt, result) => noteSendResult(store, key, attempt, result),
  };
}
