/** `prune`: drops what is too old of the history now, as workers do hourly, or tells what that would drop. */
import { defineCommand } from "citty";
import { prune } from "../../../store/history/prune.ts";
import type { PrunedPartition } from "../../../task/retention.ts";
import { withStore } from "../../database.ts";
import { settingFlags } from "../../input/setting-flags.ts";
import { printJson, printLine, printTable } from "../../output/print.ts";
import { prepare } from "../../prepare.ts";
import { retentionKeys, retentionOf } from "../../retention.ts";

export const pruneCommand = defineCommand({
  meta: {
    name: "prune",
    description: "Drop old finished tasks; workers do so every hour",
    examples: ["fiscaut-tasks prune --dry-run", "fiscaut-tasks prune --retention-succeeded 7d"],
  },
  args: {
    "dry-run": { type: "boolean", description: "Only tell what would be dropped" },
    json: { type: "boolean", description: "Print JSON" },
    ...settingFlags(...retentionKeys),
  },
  async run(context) {
    const { args } = context;
    const prepared = prepare(context);
    const { config } = prepared;
    const retention = retentionOf(config);
    const dryRun = args["dry-run"] === true;
    const pruned = await withStore(prepared, "prune", (store) => prune(store, retention, { dryRun }));
    if (args.json) printJson({ dryRun, dropped: pruned });
    else if (pruned.length === 0) printLine("nothing is old enough");
    else {
      printTable(pruned.map(toRow));
      printLine(describeTotal(pruned, dryRun));
    }
  },
});

const toRow = ({ state, from, to, rows, bytes }: PrunedPartition) => ({
  state,
  "finished from": from.slice(0, 10),
  "up to": to.slice(0, 10),
  "tasks, about": rows,
  size: megabytes(bytes),
});

function describeTotal(pruned: PrunedPartition[], dryRun: boolean): string {
  const rows = pruned.reduce((sum, partition) => sum + partition.rows, 0);
  const bytes = pruned.reduce((sum, partition) => sum + partition.bytes, 0);
  return `${dryRun ? "would drop" : "dropped"} about ${rows} tasks, ${megabytes(bytes)}`;
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
