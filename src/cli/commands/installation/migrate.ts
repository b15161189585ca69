/** `migrate`: brings the database's schema up to this executable's, or tells what that would do. */
import { defineCommand } from "citty";
import { makePartitions } from "../../../store/history/history-partitions.ts";
import { migrate, readMigrationStatus } from "../../../store/migration/migrate.ts";
import { OperatorError } from "../../../task/errors.ts";
import { withDatabase } from "../../database.ts";
import { settingFlags } from "../../input/setting-flags.ts";
import { printJson, printLine, printTable } from "../../output/print.ts";
import { prepare } from "../../prepare.ts";

export const migrateCommand = defineCommand({
  meta: {
    name: "migrate",
    description: "Bring the database's schema up to date; `run` does so too",
    examples: [
      "fiscaut-tasks migrate --status",
      "fiscaut-tasks migrate --dry-run > migrations.sql",
      "fiscaut-tasks migrate",
    ],
  },
  args: {
    status: { type: "boolean", description: "Only tell which migrations are applied and which are pending" },
    "dry-run": { type: "boolean", description: "Only print the SQL of the pending ones" },
    json: { type: "boolean", description: "Print JSON" },
    ...settingFlags(),
  },
  async run(context) {
    const { args } = context;
    if (args.status && args["dry-run"])
      throw new OperatorError("usage", "--status and --dry-run exclude each other");
    const { config, onStep } = prepare(context);
    await withDatabase(
      { config, purpose: "migrate", maxConnections: 2, onStep, schema: "as-is" },
      async ({ store }) => {
        if (args.status || args["dry-run"]) {
          const { applied, pending } = await readMigrationStatus(store);
          if (args.json)
            printJson({ applied, pending: args.status ? pending.map(({ name }) => name) : pending });
          else if (args["dry-run"]) for (const { name, sql } of pending) printLine(`-- ${name}\n${sql}`);
          else
            printTable([
              ...applied.map(({ name, appliedAt }) => ({ migration: name, applied: appliedAt })),
              ...pending.map(({ name }) => ({ migration: name, applied: "pending" })),
            ]);
          return;
        }
        const applied = await migrate(store);
        const made = await makePartitions(store);
        const done = [
          ...applied.map(({ name }) => `applied ${name}`),
          ...made.map(({ name }) => `made the partition ${name}`),
        ];
        if (args.json)
          printJson({
            applied: applied.map(({ name }) => name),
            partitions: made.map(({ name }) => name),
          });
        else printLine(done.length === 0 ? "nothing to do" : done.join("\n"));
      },
    );
  },
});
