/** The retention of tests that prune nothing. */
import type { Retention } from "../src/task/retention.ts";

export const keepForever: Retention = {
  succeeded: Number.POSITIVE_INFINITY,
  failed: Number.POSITIVE_INFINITY,
  cancelled: Number.POSITIVE_INFINITY,
};
