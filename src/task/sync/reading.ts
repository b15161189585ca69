/**
 * A reading of one company's records, and what came of it. Reading them is `handlers/fiscaut/`'s work, comparing them
 * with what is known `store/sync/`'s.
 */
import type { RecordKind } from "./record.ts";

/** One record, as the source has it: to be sent as `content`, or skipped. */
export type ReadRecord = { kind: RecordKind; code: string; name: string } & (
  | { content: Record<string, string>; identity: string; skip?: undefined }
  /** `reason` is counted, `words` are for a person. */
  | { skip: { reason: string; words: string }; content?: undefined; identity?: undefined }
);

export interface Reading {
  /** `document` is bare. */
  company: { code: number; document: string; name: string };
  /** Those that are read, each whole, in the order in which they are to be sent. */
  kinds: readonly RecordKind[];
  /** The database's clock before the first row was read, as `readClock` gives it. */
  readAt: string;
  /** Sends what the API has taken already, too. */
  force: boolean;
  /** Of the records that are sent last; the kinds before them have higher ones. */
  priority: number;
  /** The task that reads. */
  enqueuedBy: number | null;
}

/** What came of one kind. */
export interface KindTally {
  /** Rows that the source has. */
  read: number;
  enqueued: number;
  /** The API has taken the same content already. */
  unchanged: number;
  /** A task that was there already sends them, with the content that was read now. */
  underWay: number;
  /** By reason. */
  skipped: Record<string, number>;
  /** The source has them no more since this reading. */
  missing: number;
}

export interface AppliedReading {
  /** Undefined: there was nothing to send. */
  batch: { id: number; total: number } | undefined;
  kinds: Partial<Record<RecordKind, KindTally>>;
  /** Of these kinds a later reading has ended first: this one has changed nothing of them. */
  overtaken: RecordKind[];
}

/** A reading's records have priorities from its own up to so many above, the kinds that are sent first the highest. */
export const prioritySpan = 3;
export const highestPriority = 32_767 - prioritySpan;
