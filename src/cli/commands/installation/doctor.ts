/** `doctor`: whether all that a worker needs is there, and what to do where it is not. The checks are `doctor/`. */
import { defineCommand } from "citty";
import type { CheckStatus, Result } from "../../doctor/check.ts";
import { describeResults } from "../../doctor/describe-results.ts";
import { examine } from "../../doctor/doctor.ts";
import { exitCodes } from "../../exit-codes.ts";
import { settingFlags } from "../../input/setting-flags.ts";
import { printJson, printLine } from "../../output/print.ts";
import { configSources, prepare } from "../../prepare.ts";

export const doctorCommand = defineCommand({
  meta: {
    name: "doctor",
    description: "Look at all that a worker needs, and tell what is wrong and the cure; changes nothing",
    examples: ["fiscaut-tasks doctor", "fiscaut-tasks doctor --json"],
  },
  args: {
    json: { type: "boolean", description: "Print JSON" },
    ...settingFlags("host", "port", "handlers", "fiscaut-api-url", "fiscaut-timeout"),
  },
  async run(context) {
    const results = await examine(configSources(context), () => prepare(context));
    const status = worstOf(results);
    if (context.args.json) printJson({ status, checks: results });
    else for (const line of describeResults(results)) printLine(line);
    return status === "fail" ? exitCodes.failed : exitCodes.ok;
  },
});

function worstOf(results: readonly Result[]): CheckStatus {
  const statuses = results.map(({ status }) => status);
  return (["fail", "warn"] as const).find((status) => statuses.includes(status)) ?? "pass";
}
