/** `fiscaut check`: whether the API can be reached with this URL and key, and in words what is wrong where it can't. */
import { defineCommand } from "citty";
import { OperatorError } from "../../../task/errors.ts";
import { askUp } from "../../ask-up.ts";
import { exitCodes } from "../../exit-codes.ts";
import { settingFlags } from "../../input/setting-flags.ts";
import { printJson, printLine } from "../../output/print.ts";
import { prepare } from "../../prepare.ts";

const checkCommand = defineCommand({
  meta: {
    name: "fiscaut check",
    description: "Ask the Fiscaut API whether it is up and takes the key; tell what is wrong",
    examples: [
      "fiscaut-tasks fiscaut check",
      "fiscaut-tasks fiscaut check --fiscaut-api-url https://HOST/api/v1",
    ],
  },
  args: {
    json: { type: "boolean", description: "Print JSON" },
    ...settingFlags("fiscaut-api-url", "fiscaut-timeout"),
  },
  async run(context) {
    const report = await askUp(prepare(context).config);
    const { url, elapsedMs } = report;
    const fault = report.kind === "up" ? undefined : report.fault;
    if (context.args.json) {
      printJson({
        url,
        ok: fault === undefined,
        elapsedMs,
        fault: fault?.words ?? null,
        hint: fault?.hint ?? null,
      });
      return fault === undefined ? exitCodes.ok : exitCodes.failed;
    }
    if (fault !== undefined) throw new OperatorError("failed", fault.words, { hint: fault.hint });
    printLine(`the Fiscaut API at ${url} is up and takes the key (${elapsedMs} ms)`);
    return exitCodes.ok;
  },
});

export const fiscautCommand = defineCommand({
  meta: {
    name: "fiscaut",
    description: "Look into the connection to the Fiscaut API",
    examples: ["fiscaut-tasks fiscaut check"],
  },
  subCommands: { check: checkCommand },
});
