/** `run`: the worker, in the foreground, until something stops it. */
import { defineCommand } from "citty";
import { settingFlags } from "../../input/setting-flags.ts";
import { prepare } from "../../prepare.ts";
import { retentionKeys } from "../../retention.ts";
import { loadHandlersThread } from "../../worker/spawn-handlers.ts";

export const runCommand = defineCommand({
  meta: {
    name: "run",
    description: "Run the worker, its HTTP server and, without DATABASE_URL, the embedded Postgres",
    examples: [
      "fiscaut-tasks run",
      "fiscaut-tasks run --queue night --concurrency 4",
      "fiscaut-tasks run --drain --log-format json",
    ],
  },
  args: {
    dev: { type: "boolean", description: "Read your own handlers again when their files change" },
    ...settingFlags(
      "queue",
      "concurrency",
      "priority-order",
      "poll-interval",
      "lease",
      "duration",
      "drain",
      "drain-timeout",
      ...retentionKeys,
      "host",
      "port",
      "handlers",
      "hooks",
      "fiscaut-api-url",
      "fiscaut-rate",
      "fiscaut-timeout",
      "log-file",
      "log-max-size",
      "log-max-age",
      "log-keep",
    ),
  },
  async run(context) {
    const prepared = prepare(context, { toFile: true });
    // It imports what it needs while the worker does, and connects.
    const thread = loadHandlersThread();
    const { runWorker } = await import("../../worker/run-worker.ts");
    return await runWorker(prepared, thread, context.args["dev"] === true);
  },
});
