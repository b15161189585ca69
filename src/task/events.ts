/**
 * What the engine and the doors tell the outside: they emit these or throw, and never log. Log lines, metrics and
 * hooks subscribe in the composition root. One event a turn of an attempt; what hooks make of it is `life.ts`'s.
 */
import type { FinishedState, Progress } from "./task.ts";

/** The task that an event speaks of: enough for a log line. */
export interface TaskReference {
  id: number;
  name: string;
  queue: string;
  attempt: number;
}

/**
 * What a door of this process has done to tasks that no worker runs, and to queues, told by its store after the commit.
 * Of what other processes enqueue a worker first hears when it starts it.
 */
export type DoorEvent =
  /** A quick worker may have started it by the time that this is told. */
  | { kind: "created"; task: TaskReference }
  /**
   * Its tasks, which may be a million, have no `created` of their own: logs and metrics take the counts, hooks hear of
   * each task first when it starts.
   */
  | { kind: "batch-created"; batchId: number; added: LaneCount[] }
  /** A pending task was cancelled, by a caller or for an equal one in its place; of those a batch replaces, nothing. */
  | { kind: "pending-cancelled"; task: TaskReference }
  /** It failed without a run: a task or batch that it waited for has not succeeded. */
  | { kind: "wait-failed"; task: TaskReference; message: string }
  | QueueEvent;

export type QueueEvent =
  /** What its tasks need is away, for this reason: nothing more is claimed from it, for `forMs` or until that is back. */
  | { kind: "queue-held"; queue: string; reason: string; forMs: number | null }
  | { kind: "queue-released"; queue: string; heldMs: number };

/** How many tasks of one name went into one queue. */
export interface LaneCount {
  name: string;
  queue: string;
  count: number;
}

export type TaskEvent =
  | Exclude<DoorEvent, QueueEvent | { kind: "batch-created" }>
  | { kind: "started"; task: TaskReference }
  | { kind: "log"; task: TaskReference; message: string; fields: Record<string, unknown> }
  | { kind: "progress"; task: TaskReference; progress: Progress }
  | { kind: "succeeded"; task: TaskReference; durationMs: number }
  /** An attempt had an error and another one follows in `delayMs`. */
  | { kind: "errored"; task: TaskReference; durationMs: number; message: string; delayMs: number }
  /** Back in `delayMs` by its handler's wish; the attempt is not counted. */
  | { kind: "snoozed"; task: TaskReference; durationMs: number; delayMs: number }
  | { kind: "failed"; task: TaskReference; durationMs: number; message: string }
  | { kind: "cancelled"; task: TaskReference; durationMs: number }
  | { kind: "given-back"; task: TaskReference; durationMs: number }
  /** The store refused the outcome: the task had meanwhile been taken from this worker. Nothing was changed. */
  | { kind: "refused"; task: TaskReference; durationMs: number }
  /** Taken from a dead worker by this one. failed: the attempt that died was the last one. */
  | {
      kind: "rescued";
      task: TaskReference;
      workerId: number;
      state: "pending" | "failed" | "cancelled";
    }
  /** A handler went on after its abort and the grace: its slot is free again, its outcome will be ignored. */
  | { kind: "abandoned"; task: TaskReference; reason: string };

export type WorkerEvent =
  | Extract<DoorEvent, { kind: "batch-created" }>
  | QueueEvent
  | { kind: "worker-started"; workerId: number; names: string[]; queues: string[] }
  | { kind: "worker-stopping"; reason: string; running: number }
  | { kind: "worker-stopped" }
  /** The heartbeat could not be renewed in time: everything running was aborted, a new worker id is taken. */
  | { kind: "lease-lost"; workerId: number; running: number }
  /** A partition of the history was dropped: tasks of `state` that finished in [from, to). `rows` is an estimate. */
  | {
      kind: "pruned";
      partition: string;
      state: FinishedState;
      from: string;
      to: string;
      rows: number;
      bytes: number;
    }
  /** Ticks of a schedule were dealt with here: so many tasks were enqueued, and so many missed ticks skipped. */
  | { kind: "ticked"; schedule: string; enqueued: number; skipped: number }
  /** The thread that runs handlers was ended and replaced; what ran in it has been settled. */
  | { kind: "handlers-restarted"; reason: string; running: number }
  /** The operator's own handlers are there, or others than before. */
  | { kind: "handlers-loaded"; names: string[] }
  /** A file of the operator's is no handler; the message names it. The others are there nevertheless. */
  | { kind: "handler-refused"; message: string }
  /** A handler has left a promise or a timer that threw: nobody waits for it. */
  | { kind: "handler-fault"; message: string }
  /** A part's round threw; it is tried again in `retryMs`. */
  | { kind: "part-failed"; part: string; error: unknown; retryMs: number }
  | { kind: "part-recovered"; part: string };

export type EngineEvent = TaskEvent | WorkerEvent;
export type EmitEvent = (event: EngineEvent) => void;
