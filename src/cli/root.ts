/** The tree of commands. Words are read by it in `input/arguments.ts`, from `main.ts`. */
import { defineCommand } from "citty";
import { completionsCommand } from "./commands/installation/completions.ts";
import { configCommand } from "./commands/installation/config.ts";
import { doctorCommand } from "./commands/installation/doctor.ts";
import { manCommand } from "./commands/installation/man.ts";
import { migrateCommand } from "./commands/installation/migrate.ts";
import { supportBundleCommand } from "./commands/installation/support-bundle.ts";
import { versionCommand } from "./commands/installation/version.ts";
import { companyCommand } from "./commands/sync/company.ts";
import { fiscautCommand } from "./commands/sync/fiscaut.ts";
import { sourceCommand } from "./commands/sync/source.ts";
import { syncCommand } from "./commands/sync/sync.ts";
import { batchCommand } from "./commands/tasks/batch.ts";
import { cancelCommand } from "./commands/tasks/cancel.ts";
import { changeCommand } from "./commands/tasks/change.ts";
import { deleteCommand } from "./commands/tasks/delete.ts";
import { enqueueCommand } from "./commands/tasks/enqueue.ts";
import { listCommand } from "./commands/tasks/list.ts";
import { logsCommand } from "./commands/tasks/logs.ts";
import { pruneCommand } from "./commands/tasks/prune.ts";
import { queueCommand } from "./commands/tasks/queue.ts";
import { retryCommand } from "./commands/tasks/retry.ts";
import { scheduleCommand } from "./commands/tasks/schedule.ts";
import { showCommand } from "./commands/tasks/show.ts";
import { handlersCommand } from "./commands/worker/handlers.ts";
import { healthCommand } from "./commands/worker/health.ts";
import { logLevelCommand } from "./commands/worker/log-level.ts";
import { runCommand } from "./commands/worker/run.ts";
import { serviceCommand } from "./commands/worker/service.ts";
import { stopCommand } from "./commands/worker/stop.ts";
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
