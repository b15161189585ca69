/**
 * What an attempt to send a record sees of it, and what it comes to. Sending is `handlers/fiscaut/`'s work, keeping
 * account of it `store/sync/`'s.
 */
import type { RecordKind } from "./record.ts";

/** Names a record. */
export interface RecordKey {
  company: number;
  kind: RecordKind;
  code: string;
}

/** The attempt that sends it; `claimedAt` tells it from others of its task. */
export interface SendingAttempt {
  id: number;
  claimedAt: string;
  priority: number;
}

/** A record as it stands when an attempt begins. */
export interface RecordToSend {
  /** Null: it is skipped. */
  content: Record<string, string> | null;
  contentHash: string | null;
  /** Why it is skipped, or what the last attempt came to. */
  message: string | null;
  /** The API has taken this content already. */
  isSynced: boolean;
  /** The source has it no more. */
  isMissing: boolean;
  companyEnabled: boolean;
  /** This attempt's task is to send it. */
  inCharge: boolean;
  /** Another live task is. */
  otherTaskId: number | null;
  /** A record of this company whose kind comes earlier is being sent for the first time right now. */
  earlierKindRuns: boolean;
}

/** What the API has answered to one sending. */
export interface SendResult {
  /** Of the content that was sent. */
  contentHash: string;
  /**
   * accepted, rejected: as the API says. unavailable: it is tried again. given-up: so it was, and no attempt is left.
   */
  verdict: "accepted" | "rejected" | "unavailable" | "given-up";
  /** Null: no answer came. */
  httpStatus: number | null;
  message: string;
  response: string | null;
}
