/**
 * `fiscaut.sync-supplier` and so on: sends one record, with the content that it has when the attempt begins. What an
 * answer means comes from `fiscaut/`, who is in charge of a record from `store/sync/`.
 */
import type { FiscautAnswer } from "../../fiscaut/answer.ts";
import { PermanentError, RetryAfter, Snooze } from "../../task/outcome.ts";
import type { RecordKey, RecordToSend, SendingAttempt, SendResult } from "../../task/sync/attempt.ts";
import { fiscautQueue, type RecordKind, sendTaskName } from "../../task/sync/record.ts";
import { defineHandler, type Handler } from "../handler.ts";
import { sendPayload } from "./payloads.ts";
import type { SendingStore } from "./sync-store.ts";

/** The way to the API. */
export interface RecordSender {
  /** @throws Snooze when the answer is not this record's own; the signal's reason on abort. */
  send(kind: RecordKind, content: Record<string, string>, signal: AbortSignal): Promise<FiscautAnswer>;
}

interface SyncRecordOptions {
  sender: RecordSender;
  store: SendingStore;
}

/** How long an attempt waits in its slot for the last ones of an earlier kind, and how often it looks. */
const patienceMs = 1_000;
const lookMs = 100;
/** Then it comes back so much later. */
const snoozeMs = 1_000;

/** A repeat is harmless: on the server every POST is an upsert. */
export function syncRecordHandler(kind: RecordKind, { sender, store }: SyncRecordOptions): Handler {
  return defineHandler({
    name: sendTaskName(kind),
    get payload() {
      return sendPayload();
    },
    async run({ company, code }, { task, signal }) {
      demandFiscautQueue(task);
      const key: RecordKey = { company, kind, code };
      const attempt: SendingAttempt = { id: task.id, claimedAt: task.claimedAt, priority: task.priority };
      const found = await findToSend(store, key, attempt, signal);
      if ("nothing" in found) return { sent: false, reason: found.nothing };
      const answer = await sender.send(kind, found.content, signal);
      const isLast = task.attempt >= task.maxAttempts;
      const result = resultOf(answer, found.contentHash, isLast);
      const { newer } = await store.noteSendResult(key, attempt, result);
      // At once, not at the next retry: what has been told is done with.
      if (newer && result.verdict !== "unavailable") throw new Snooze(0, "its content has changed meanwhile");
      switch (answer.kind) {
        case "accepted":
          return { sent: true, status: answer.status, message: answer.message };
        case "rejected":
          throw new PermanentError(answer.message);
        case "slow-down":
        case "unavailable":
          if (answer.retryAfterMs !== undefined) throw new RetryAfter(answer.retryAfterMs, answer.message);
          throw new Error(answer.message);
      }
    },
  });
}

/** Only there do the API's rate and its holds apply. */
function demandFiscautQueue({ queue }: { queue: string }): void {
  if (queue !== fiscautQueue)
    throw new PermanentError(
      `this task is in queue ${queue}: records are sent from queue ${fiscautQueue} only, which has the API's rate; enqueue it there`,
    );
}

/** Returns with this attempt's task in charge of the record, or with why nothing is sent. */
async function findToSend(
  store: SendingStore,
  key: RecordKey,
  attempt: SendingAttempt,
  signal: AbortSignal,
): Promise<{ content: Record<string, string>; contentHash: string } | { nothing: string }> {
  const startedAtMs = performance.now();
  for (;;) {
    signal.throwIfAborted();
    const record = await store.readRecordToSend(key, attempt);
    if (record === undefined)
      throw new PermanentError(
        `no ${key.kind} ${key.code} of company ${key.company} has been read: a sync enqueues it`,
      );
    const { content, contentHash, inCharge } = record;
    const nothing = whyNothing(record, key);
    if (nothing !== undefined || content === null || contentHash === null) {
      if (!inCharge || (await store.letGoOfRecord(key, attempt))) return { nothing: nothing ?? "" };
    } else if (record.earlierKindRuns) {
      if (performance.now() - startedAtMs > patienceMs)
        throw new Snooze(snoozeMs, "records that it may refer to are being sent");
      await Bun.sleep(lookMs);
    } else if (inCharge) {
      return { content, contentHash };
    } else {
      await store.takeUpRecord(key, attempt);
    }
  }
}

function whyNothing(record: RecordToSend, { company }: RecordKey): string | undefined {
  if (record.otherTaskId !== null) return `task ${record.otherTaskId} sends it`;
  if (!record.companyEnabled) return `company ${company} is not enabled`;
  if (record.content === null) return record.message ?? "it is skipped";
  if (record.isMissing) return "the source has it no more";
  if (record.isSynced) return "Fiscaut has this content already";
  return undefined;
}

function resultOf(answer: FiscautAnswer, contentHash: string, isLast: boolean): SendResult {
  const { kind, message, response } = answer;
  const again = isLast ? "given-up" : "unavailable";
  return {
    contentHash,
    verdict: kind === "accepted" || kind === "rejected" ? kind : again,
    httpStatus: answer.status ?? null,
    message,
    response: response ?? null,
  };
}
