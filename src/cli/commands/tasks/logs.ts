/** `logs ID`: what a task's handler has logged, once or as it comes. */
import { defineCommand } from "citty";
import { stderr } from "../../../log/sync-stream.ts";
import type { Store } from "../../../store/connection.ts";
import { readTaskLog } from "../../../store/read-log.ts";
import { OperatorError } from "../../../task/errors.ts";
import { isFinished } from "../../../task/task.ts";
import { keptLines, type LogLine, type TaskLog } from "../../../task/task-log.ts";
import { withDatabase } from "../../database.ts";
import { readId } from "../../input/read-id.ts";
import { settingFlags } from "../../input/setting-flags.ts";
import { printJson, printLine } from "../../output/print.ts";
import { describeLines } from "../../output/task-log-lines.ts";
import { prepare } from "../../prepare.ts";

/** Workers write lines within a second. */
const pollMs = 500;

export const logsCommand = defineCommand({
  meta: {
    name: "logs",
    description: `Show what a task has logged: its newest ${keptLines} lines`,
    examples: ["fiscaut-tasks logs 17", "fiscaut-tasks logs 17 --follow"],
  },
  args: {
    id: { type: "positional", description: "The task's id" },
    follow: { type: "boolean", description: "Print new lines as they come, until the task is finished" },
    json: { type: "boolean", description: "Print JSON; with --follow, an object a line" },
    ...settingFlags(),
  },
  async run(context) {
    const { args } = context;
    const id = readId("ID", String(args.id));
    const { config, onStep } = prepare(context);
    await withDatabase(
      { config, purpose: "logs", maxConnections: 1, onStep, schema: "require" },
      async ({ store }) => {
        if (args.follow) await follow(store, id, args.json ? printObjects : printLines);
        else {
          const { lines } = await requireLog(store, id, 0);
          if (args.json) printJson(lines);
          else if (lines.length === 0) printLine("nothing was logged");
          else printLines(lines, 0);
        }
      },
    );
  },
});

type Print = (lines: LogLine[], afterN: number) => void;

const printLines: Print = (lines, afterN) => {
  for (const line of describeLines(lines, afterN)) printLine(line);
};
const printObjects: Print = (lines) => {
  for (const line of lines) printLine(JSON.stringify(line));
};

/** Ctrl+C ends the watching, not the task. */
async function follow(store: Store, id: number, print: Print): Promise<void> {
  for (let afterN = 0; ; await Bun.sleep(pollMs)) {
    const { state, lines } = await requireLog(store, id, afterN);
    print(lines, afterN);
    afterN = lines.at(-1)?.n ?? afterN;
    if (isFinished(state)) {
      stderr.write(`task ${id} is ${state}\n`);
      return;
    }
  }
}

async function requireLog(store: Store, id: number, afterN: number): Promise<TaskLog> {
  const log = await readTaskLog(store, id, afterN);
  if (log === undefined)
    throw new OperatorError("failed", `there is no task ${id}`, { hint: "fiscaut-tasks list" });
  return log;
}
