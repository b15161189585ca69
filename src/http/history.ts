/** The route that prunes the history now. What is dropped, and how, is `store/history/prune.ts`'s. */
import { z } from "zod";
import type { Store } from "../store/connection.ts";
import { prune } from "../store/history/prune.ts";
import { once } from "../task/once.ts";
import type { PrunedPartition, Retention } from "../task/retention.ts";
import { readQuery } from "./request.ts";
import type { Route } from "./route.ts";

export interface HistoryRoutesOptions {
  store: Store;
  /** The worker's own. */
  retention: Retention;
}

const pruneQuery = once(() => z.strictObject({ dryRun: z.literal("true").optional() }));

export function historyRoutes({ store, retention }: HistoryRoutesOptions): Route[] {
  return [
    {
      method: "POST",
      path: "/history/prune",
      about:
        "drop finished tasks that are past their retention now, as workers do hourly; dryRun=true tells which",
      async handle(c) {
        const dryRun = readQuery(c, pruneQuery).dryRun !== undefined;
        const pruned = await prune(store, retention, { dryRun });
        return c.json({ dryRun, dropped: pruned.map(prunedJson) });
      },
    },
  ];
}

/** A contract with other programs: every member is named here. `rows` is about right, as the statistics have it. */
const prunedJson = ({ name, state, from, to, rows, bytes }: PrunedPartition) => ({
  name,
  state,
  from,
  to,
  rows,
  bytes,
});
