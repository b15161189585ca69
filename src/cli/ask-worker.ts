/** Asks a running worker over its HTTP server, as monitoring and `doctor` do. What it answers there is `http/`'s affair. */
import type { Config } from "../config/settings/settings.ts";
import { urlHost } from "../http/server.ts";

export type WorkerAddress = Pick<Config, "host" | "port" | "httpToken">;

/** Its own checks of the database answer within 2 s. */
const answerLimitMs = 4_000;

/** What was answered, or why nothing was. */
export type WorkerAnswer =
  | { kind: "answered"; status: number; headers: Headers; body: Record<string, unknown> }
  | { kind: "silent"; why: string };

export const urlOfWorker = ({ host, port }: WorkerAddress) => `http://${urlHost(host)}:${port}`;

/**
 * Never rejects. A body that is no JSON object counts as an empty one.
 * @param change sent as PATCH; without it the worker is only asked.
 */
export async function askWorker(
  path: string,
  { url, httpToken }: { url: string; httpToken: string | undefined },
  change?: object,
): Promise<WorkerAnswer> {
  try {
    const response = await fetch(new URL(path, url), {
      redirect: "manual",
      signal: AbortSignal.timeout(answerLimitMs),
      headers: {
        ...(httpToken !== undefined && { authorization: `Bearer ${httpToken}` }),
        ...(change !== undefined && { "content-type": "application/json" }),
      },
      ...(change !== undefined && { method: "PATCH", body: JSON.stringify(change) }),
    });
    const body: unknown = await response.json().catch(() => undefined);
    const isObject = typeof body === "object" && body !== null;
    return {
      kind: "answered",
      status: response.status,
      headers: response.headers,
      body: isObject ? (body as Record<string, unknown>) : {},
    };
  } catch (error) {
    return { kind: "silent", why: explain(error) };
  }
}

/** Who listens at the address: a worker of ours, one with another token, or something else. */
export async function askRoot(address: WorkerAddress): Promise<"ours" | "other-token" | "foreign"> {
  const answer = await askWorker("/", { url: urlOfWorker(address), httpToken: address.httpToken });
  if (answer.kind === "silent") return "foreign";
  if (answer.body["name"] === "fiscaut-tasks") return "ours";
  return answer.headers.get("www-authenticate")?.includes('realm="fiscaut-tasks"')
    ? "other-token"
    : "foreign";
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${answerLimitMs / 1000} s`;
  const code = "code" in error ? String(error.code) : "";
  return code === "ConnectionRefused" || code === "ECONNREFUSED"
    ? "nobody listens there"
    : code || error.message;
}
