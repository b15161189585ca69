/**
 * `fiscaut.sync-suppliers` and so on, and `fiscaut.sync-all`: the sync of companies as a task, which reads the source and
 * enqueues what has to be sent. A repeated attempt does no harm: it finds that under way, or sent.
 */
import type { ReaderCommand } from "../../sources/odbc/reader-process.ts";
import { parseSource } from "../../sources/parse-source.ts";
import { OperatorError } from "../../task/errors.ts";
import { PermanentError } from "../../task/outcome.ts";
import { highestPriority } from "../../task/sync/reading.ts";
import { type RecordKind, readTaskName, recordKinds } from "../../task/sync/record.ts";
import { defineHandler, type Handler } from "../handler.ts";
import { describeOutcome } from "./describe-outcome.ts";
import { readPayload } from "./payloads.ts";
import { type CompanyOutcome, syncCompanies } from "./sync-companies.ts";
import type { ReadingStore } from "./sync-store.ts";

interface SyncRecordsOptions {
  /** The worker's own, for payloads that name none. */
  source: string | undefined;
  odbcReader: ReaderCommand;
  store: ReadingStore;
}

/** So many faults are told in the task's error; its log has all. */
const toldFaults = 3;

export function syncRecordsHandler(kind: RecordKind | "all", options: SyncRecordsOptions): Handler {
  const { source: ownSource, odbcReader, store } = options;
  return defineHandler({
    name: readTaskName(kind),
    get payload() {
      return readPayload();
    },
    async run({ company, source = ownSource, force = false, sendInvalid = false }, context) {
      const { task, log, progress, signal } = context;
      if (source === undefined)
        throw new PermanentError("the payload names no source, and this worker has none: set FISCAUT_SOURCE");
      const outcomes: CompanyOutcome[] = [];
      const request = {
        source: parseSource(source, { command: odbcReader, signal }),
        companies: company ?? ("all-enabled" as const),
        kinds: kind === "all" ? recordKinds : [kind],
        force,
        sendInvalid,
        priority: Math.min(task.priority, highestPriority),
        enqueuedBy: task.id,
      };
      const watch = {
        onProgress: progress,
        onCompany(outcome: CompanyOutcome) {
          outcomes.push(outcome);
          log(describeOutcome(outcome));
        },
      };
      const { total, faults } = await syncCompanies(store, request, watch).catch((error) => {
        // Wrong input stays wrong until somebody corrects it and retries the task.
        throw error instanceof OperatorError && error.kind !== "unavailable"
          ? new PermanentError(withHint(error))
          : error;
      });
      if (faults.length > 0)
        throw errorOf(
          faults.map(({ fault }) => fault),
          total,
        );
      return company === undefined ? summarise(outcomes, total) : resultOf(outcomes[0]);
    },
  });
}

function errorOf(faults: OperatorError[], total: number): Error {
  const [first] = faults;
  const words = faults.slice(0, toldFaults).map(withHint).join("; ");
  const more = faults.length > toldFaults ? `; and ${faults.length - toldFaults} more, see the log` : "";
  const message =
    total === 1 && first !== undefined
      ? withHint(first)
      : `${faults.length} of ${total} companies could not be synced: ${words}${more}`;
  const mayPass = faults.some(({ kind }) => kind === "unavailable");
  return mayPass ? new Error(message) : new PermanentError(message);
}

const withHint = ({ message, hint }: OperatorError) => (hint === undefined ? message : `${message}: ${hint}`);

/** A task's result is to be looked at: one company's whole, of many what they add up to. */
function resultOf(outcome: CompanyOutcome | undefined) {
  if (outcome === undefined || "fault" in outcome) return undefined;
  const { company, batch, kinds, overtaken } = outcome;
  return {
    company,
    batch: batch?.id ?? null,
    enqueued: batch?.total ?? 0,
    kinds,
    ...(overtaken.length > 0 && { overtaken }),
  };
}

function summarise(outcomes: CompanyOutcome[], total: number) {
  const batches = outcomes.flatMap((outcome) => ("fault" in outcome ? [] : (outcome.batch ?? [])));
  return {
    companies: total,
    batches: batches.length,
    enqueued: batches.reduce((sum, batch) => sum + batch.total, 0),
  };
}
