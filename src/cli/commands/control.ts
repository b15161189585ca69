/** `retry ID` and `cancel ID`: the same door to two verbs. */
import { defineCommand } from "citty";
import type { Store } from "../../store/connection.ts";
import { type ControlResult, cancelTask, retryTask } from "../../store/control.ts";
import { OperatorError } from "../../task/errors.ts";
import { withDatabase } from "../database.ts";
import { printJson, printLine } from "../output.ts";
import { prepare } from "../prepare.ts";
import { readId } from "../read-id.ts";
import { settingFlags } from "../setting-flags.ts";

export const retryCommand = controlCommand("retry", "Run a failed, cancelled or waiting task now", retryTask);
export const cancelCommand = controlCommand("cancel", "Cancel a task; a running one is aborted", cancelTask);

function controlCommand(
  verb: "retry" | "cancel",
  description: string,
  control: (store: Store, id: number) => Promise<ControlResult>,
) {
  return defineCommand({
    meta: { name: verb, description },
    args: {
      id: { type: "positional", description: "The task's id" },
      json: { type: "boolean", description: "Print JSON" },
      ...settingFlags(),
    },
    async run(context) {
      const id = readId("ID", String(context.args.id));
      const { config, onStep } = prepare(context);
      const result = await withDatabase(
        { config, purpose: verb, maxConnections: 2, onStep, schema: "require" },
        ({ store }) => control(store, id),
      );
      const message = describe(verb, id, result);
      if (context.args.json)
        printJson({ id, result: result.kind, state: "state" in result ? result.state : null });
      else printLine(message);
    },
  });
}

/** @throws OperatorError "failed" when nothing was changed. */
function describe(verb: "retry" | "cancel", id: number, result: ControlResult): string {
  switch (result.kind) {
    case "done":
      return `task ${id} is ${result.state}`;
    case "requested":
      return `task ${id} is running: its worker aborts it`;
    case "unchanged":
      throw new OperatorError("failed", `task ${id} is ${result.state}: nothing to ${verb}`, {
        hint: result.state === "running" ? `fiscaut-tasks cancel ${id}` : `fiscaut-tasks show ${id}`,
      });
    case "unknown":
      throw new OperatorError("failed", `there is no task ${id}`, { hint: "fiscaut-tasks list" });
  }
}
