/** The tree of commands. Words are read by it in `input/arguments.ts`, from `main.ts`. */
import { defineCommand } from "citty";
import { batchCommand } from "./commands/batch.ts";
import { cancelCommand } from "./commands/cancel.ts";
import { changeCommand } from "./commands/change.ts";
import { companyCommand } from "./commands/company.ts";
import { completionsCommand } from "./commands/completions.ts";
import { configCommand } from "./commands/config.ts";
import { deleteCommand } from "./commands/delete.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { enqueueCommand } from "./commands/enqueue.ts";
import { fiscautCommand } from "./commands/fiscaut.ts";
import { handlersCommand } from "./commands/handlers.ts";
import { healthCommand } from "./commands/health.ts";
import { listCommand } from "./commands/list.ts";
import { logLevelCommand } from "./commands/log-level.ts";
import { logsCommand } from "./commands/logs.ts";
import { manCommand } from "./commands/man.ts";
import { migrateCommand } from "./commands/migrate.ts";
import { pruneCommand } from "./commands/prune.ts";
import { queueCommand } from "./commands/queue.ts";
import { retryCommand } from "./commands/retry.ts";
import { runCommand } from "./commands/run.ts";
import { scheduleCommand } from "./commands/schedule.ts";
import { serviceCommand } from "./commands/service.ts";
import { showCommand } from "./commands/show.ts";
import { sourceCommand } from "./commands/source.ts";
import { stopCommand } from "./commands/stop.ts";
import { supportBundleCommand } from "./commands/support-bundle.ts";
import { syncCommand } from "./commands/sync.ts";
import { versionCommand } from "./commands/version.ts";
import type { AnyCommand } from "./input/arguments.ts";

export const root: AnyCommand = defineCommand({
  meta: {
    name: "fiscaut-tasks",
    description: "Background-task worker for the Fiscaut connector",
    examples: [
      "fiscaut-tasks run",
      "fiscaut-tasks sync suppliers --company 1 --wait",
      "fiscaut-tasks list --state failed",
      "fiscaut-tasks doctor",
    ],
  },
  subCommands: {
    run: runCommand,
    stop: stopCommand,
    sync: syncCommand,
    company: companyCommand,
    source: sourceCommand,
    fiscaut: fiscautCommand,
    enqueue: enqueueCommand,
    list: listCommand,
    show: showCommand,
    logs: logsCommand,
    "log-level": logLevelCommand,
    retry: retryCommand,
    cancel: cancelCommand,
    batch: batchCommand,
    prune: pruneCommand,
    queue: queueCommand,
    change: changeCommand,
    delete: deleteCommand,
    schedule: scheduleCommand,
    migrate: migrateCommand,
    handlers: handlersCommand,
    service: serviceCommand,
    config: configCommand,
    doctor: doctorCommand,
    health: healthCommand,
    "support-bundle": supportBundleCommand,
    completions: completionsCommand(() => root),
    man: manCommand(() => root),
    version: versionCommand,
  },
});
