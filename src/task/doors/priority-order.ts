/**
 * Which way round priorities are spoken of at the doors, command line and HTTP: inside, in the store and in handlers,
 * the higher one always runs first, so that the claim's one index serves both.
 */

/** nice: the lower number runs first, as Django's `BACKGROUND_TASK_PRIORITY_ORDERING = "ASC"`. */
export const priorityOrders = ["higher", "nice"] as const;
export type PriorityOrder = (typeof priorityOrders)[number];

/** From the door's way to the store's and, being its own inverse, back. */
export function turnPriority<Prioritised extends { priority?: number | undefined }>(
  order: PriorityOrder,
  task: Prioritised,
): Prioritised {
  // 0 - 0 is 0, where -0 would be another number than 0 to whoever compares them.
  if (task.priority === undefined) return task;
  return order === "nice" ? { ...task, priority: 0 - task.priority } : task;
}
