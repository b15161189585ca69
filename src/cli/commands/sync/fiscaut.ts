/** `fiscaut check`: whether the API can be reached with this URL and key, and in words what is wrong where it can't. */
import { defineCommand } from "citty";
import { createFiscautClient } from "../../../fiscaut/client.ts";
import { explainUp, isUp, type UpFault } from "../../../fiscaut/explain-up.ts";
import { OperatorError } from "../../../task/errors.ts";
import { exitCodes } from "../../exit-codes.ts";
import { settingFlags } from "../../input/setting-flags.ts";
import { printJson, printLine } from "../../output.ts";
import { type Prepared, prepare } from "../../prepare.ts";

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
    const { url, elapsedMs, fault } = await check(prepare(context));
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

interface Report {
  url: string | null;
  /** null: nothing was asked. */
  elapsedMs: number | null;
  fault: UpFault | undefined;
}

async function check({ config }: Prepared): Promise<Report> {
  const { fiscautApiUrl: baseUrl, fiscautApiKey: apiKey, fiscautTimeoutMs: timeoutMs } = config;
  if (baseUrl === undefined || apiKey === undefined) {
    const unset = [
      baseUrl === undefined ? "FISCAUT_API_URL" : [],
      apiKey === undefined ? "FISCAUT_API_KEY" : [],
    ].flat();
    const words = `${unset.join(" and ")} ${unset.length > 1 ? "are" : "is"} not set`;
    const hint = "set both in the environment or the configuration file; config show tells which one is read";
    return { url: baseUrl ?? null, elapsedMs: null, fault: { words, hint } };
  }
  const client = createFiscautClient({ baseUrl, apiKey, timeoutMs });
  const startedAtMs = performance.now();
  const answer = await client.up(new AbortController().signal);
  return {
    url: client.baseUrl,
    elapsedMs: Math.round(performance.now() - startedAtMs),
    fault: isUp(answer) ? undefined : explainUp(answer, client.baseUrl),
  };
}

export const fiscautCommand = defineCommand({
  meta: {
    name: "fiscaut",
    description: "Look into the connection to the Fiscaut API",
    examples: ["fiscaut-tasks fiscaut check"],
  },
  subCommands: { check: checkCommand },
});
