/**
 * The tables, as Drizzle models them, a file a subject; `drizzle/` holds the migrations generated from here. What
 * Drizzle can't say (partitions, fill factor, autovacuum) stands in the custom migration beside them.
 *
 * Why it looks as it does, each point measured:
 * - a claim writes no indexed column, so it stays a heap-only update (half the cost): whether a task runs is
 *   told by `worker_id`, which no index and no index predicate mentions;
 * - due and future tasks are apart (`due`): a million future ones do not lie in the claim's way;
 * - finished tasks leave `task` for `task_history`, so the hot table stays small.
 */

export * from "./queues.ts";
export * from "./sync.ts";
export * from "./tasks.ts";
export * from "./workers.ts";
