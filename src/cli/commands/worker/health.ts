/** `health`: how the running worker is, in one line and an exit code, for monitoring without curl. */
import { defineCommand } from "citty";
import { OperatorError } from "../../../task/errors.ts";
import { askWorker, urlOfWorker, type WorkerAnswer } from "../../ask-worker.ts";
import { exitCodes } from "../../exit-codes.ts";
import { settingFlags } from "../../input/setting-flags.ts";
import { printJson, printLine } from "../../output/print.ts";
import { prepare } from "../../prepare.ts";

export const healthCommand = defineCommand({
  meta: {
    name: "health",
    description: "Ask the running worker whether tasks would run now: a line, and 0 or 1",
    examples: ["fiscaut-tasks health", "fiscaut-tasks health --url http://127.0.0.1:8430 --json"],
  },
  args: {
    url: {
      type: "string",
      description: "The worker's HTTP server (default: as --host and --port say)",
      valueHint: "url",
    },
    json: { type: "boolean", description: "Print JSON" },
    ...settingFlags("host", "port"),
  },
  async run(context) {
    const { config } = prepare(context);
    const url = readUrl(context.args.url, config.port) ?? urlOfWorker(config);
    const worker = { url, httpToken: config.httpToken };
    const ready = await askWorker("/readyz", worker);
    // It tells more, and knows of a worker that is ready but does not claim.
    const health = ready.kind === "answered" ? await askWorker("/health", worker) : ready;
    const verdict = judge(ready, health);
    if (context.args.json)
      printJson({ url, ...verdict, health: health.kind === "answered" ? health.body : null });
    else printLine(`${verdict.status}: ${verdict.text}`);
    return verdict.status === "fail" ? exitCodes.failed : exitCodes.ok;
  },
});

/** @throws OperatorError "usage" */
function readUrl(text: string | undefined, port: number): string | undefined {
  if (text === undefined) {
    if (port !== 0) return undefined;
    throw new OperatorError("usage", "the worker's port is any free one", {
      hint: "--url http://127.0.0.1:PORT",
    });
  }
  if (/^https?:$/.test(URL.parse(text)?.protocol ?? "")) return text;
  throw new OperatorError("usage", `--url: "${text}" is not an http:// or https:// URL`);
}

interface Verdict {
  status: "pass" | "warn" | "fail";
  text: string;
}

function judge(ready: WorkerAnswer, health: WorkerAnswer): Verdict {
  if (ready.kind === "silent") return { status: "fail", text: ready.why };
  const reason = health.kind === "answered" ? textOf(health.body["output"]) : health.why;
  if (ready.status !== 200)
    return {
      status: "fail",
      text: textOf(ready.body["detail"]) ?? reason ?? `/readyz answers ${ready.status}`,
    };
  if (ready.body["status"] !== "pass") return { status: "fail", text: "another program answers there" };
  if (health.kind === "answered" && health.status === 401)
    return { status: "warn", text: "ready; /health wants another token than FISCAUT_TASKS_HTTP_TOKEN is" };
  if (health.kind === "silent") return { status: "warn", text: `ready; /health: ${health.why}` };
  const status = (["fail", "warn"] as const).find((known) => known === health.body["status"]) ?? "pass";
  return { status, text: reason ?? describeFigures(health.body) };
}

const textOf = (value: unknown) => (typeof value === "string" ? value : undefined);

/** Such as `ready, 3 of 10 slots run, 12 tasks live`. */
function describeFigures({ checks }: Record<string, unknown>): string {
  const [running] = checksOf(checks, "worker:running");
  const [depth] = checksOf(checks, "queue:depth");
  return [
    "ready",
    ...(running === undefined ? [] : [`${running["observedValue"]} of ${running["slots"]} slots run`]),
    ...(depth === undefined ? [] : [`${depth["observedValue"]} tasks live`]),
  ].join(", ");
}

function checksOf(checks: unknown, name: string): Record<string, unknown>[] {
  if (typeof checks !== "object" || checks === null) return [];
  const found = (checks as Record<string, unknown>)[name];
  return Array.isArray(found) ? found : [];
}
