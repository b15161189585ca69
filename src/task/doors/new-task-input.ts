/**
 * A new task as callers write it, with what an editor shows to those who write handlers. What is taken is decided by the
 * schema in `new-task.ts`, which a test compares with this.
 */
import type { z } from "zod";
import type { NewAfter } from "./after.ts";
import type { ConflictRule } from "./key.ts";

export interface NewTask {
  /** Its handler's. A task that no worker has a handler for waits for one. */
  name: string;
  /** The handler's arguments, 1 MiB at most. Left out: `{}`. */
  payload?: z.core.util.JSONType | undefined;
  /** Left out: `default`. One that is new is made. */
  queue?: string | undefined;
  /** Higher runs first, from -32768 to 32767. Left out: 0. */
  priority?: number | undefined;
  /** Runs this long from now, by the database's clock; not beside `runAt`. */
  delayMs?: number | undefined;
  /** A text is ISO 8601 with a time zone. */
  runAt?: Date | string | undefined;
  /** Before it fails for good, 1 to 1000. Left out: 25. */
  maxAttempts?: number | undefined;
  /** After which an attempt is aborted. Left out: its handler's. */
  timeoutMs?: number | undefined;
  /** The wait after an error: `django`, `exponential:1s..1h`, `fixed:30s`; jitter `~10%`. Left out: its handler's. */
  backoff?: string | undefined;
  /** No two live tasks have the same. */
  key?: string | undefined;
  /** The key is made of name and payload; instead of `key`. */
  keyOf?: "payload" | undefined;
  /** What to do when a live task has the key. Left out: `skip`. */
  onConflict?: ConflictRule | undefined;
  /** Tasks of one serial key run one at a time, in the order in which they were enqueued. */
  serialKey?: string | undefined;
  /** Runs again and again: from the planned time of this run to the next's, 1000 at least. */
  repeatMs?: number | undefined;
  /** No run is planned after it. */
  repeatUntil?: Date | string | undefined;
  /** Goes on after a run that failed for good. Left out: the chain ends there. */
  repeatAfterFailure?: boolean | undefined;
  /** Runs only when these tasks and batches have succeeded; should one not, it fails or, with `ignore`, runs all the same. */
  after?: NewAfter | undefined;
  /** For people, 200 characters at most. */
  title?: string | undefined;
}
