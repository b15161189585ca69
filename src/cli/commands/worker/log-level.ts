/** `log-level [LEVEL]`: reads or changes the level of a running worker's log, on Windows too, which has no signals. */
import { defineCommand } from "citty";
import { OperatorError } from "../../../task/errors.ts";
import { askWorker, urlOfWorker, type WorkerAddress } from "../../ask-worker.ts";
import { settingFlags } from "../../input/setting-flags.ts";
import { formatInstant, printJson, printLine } from "../../output/print.ts";
import { prepare } from "../../prepare.ts";

interface LevelReading {
  level: string;
  configured: string;
  until: string | null;
}

export const logLevelCommand = defineCommand({
  meta: {
    name: "log-level",
    description: "Show or change what the running worker logs",
    examples: ["fiscaut-tasks log-level", "fiscaut-tasks log-level debug --for 10m"],
  },
  args: {
    level: {
      type: "positional",
      required: false,
      description: "debug, info, warn or error; left out: show it",
    },
    for: {
      type: "string",
      description: "Back to the configured level after this long; left out: not until the worker ends",
      valueHint: "duration",
    },
    json: { type: "boolean", description: "Print JSON" },
    ...settingFlags("host", "port"),
  },
  async run(context) {
    const { level, for: period, json } = context.args;
    const { config } = prepare(context);
    const change = level === undefined ? undefined : { level, ...(period !== undefined && { for: period }) };
    const told = await tellLevel(config, change);
    if (json) printJson(told);
    else
      printLine(
        `${told.level}${told.until === null ? "" : ` until ${formatInstant(new Date(told.until))}, then ${told.configured}`}`,
      );
  },
});

/** @throws OperatorError "unavailable" when no worker answers there, "failed" with its words when it refuses. */
async function tellLevel(address: WorkerAddress, change: object | undefined): Promise<LevelReading> {
  const url = urlOfWorker(address);
  const answer = await askWorker("/log-level", { url, httpToken: address.httpToken }, change);
  if (answer.kind === "silent")
    throw new OperatorError("unavailable", `no worker answers at ${url}: ${answer.why}`, {
      hint: "--host and --port as the worker has them",
    });
  const { status, body } = answer;
  if (status === 200) return body as unknown as LevelReading;
  const hint = body["hint"];
  throw new OperatorError(
    "failed",
    `the worker at ${url} refused: ${String(body["detail"] ?? `HTTP ${status}`)}`,
    typeof hint === "string" ? { hint } : {},
  );
}
