/** What the HTTP side needs to know of the worker beside it. The engine's status has this shape; it stays unknown here. */
export interface WorkerReport {
  /** Undefined while no lease is held: nothing is claimed then. */
  workerId: number | undefined;
  running: number;
  slots: number;
  /** When the store was last asked for tasks, whether or not there were any. */
  lastClaimAt: Date | undefined;
  /** How long the handlers have failed to answer, ms; 0 while they do. */
  handlersDeafMs: number;
  stopping: boolean;
}
