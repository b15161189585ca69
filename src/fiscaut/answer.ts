/**
 * What an HTTP answer of the Fiscaut API means: accepted, rejected for good, slow down, or unavailable for now.
 * Pure; the request, its time-out and the lack of any answer are left to `client.ts`.
 */
import { z } from "zod";
import { once } from "../task/once.ts";

/**
 * What an answer comes to:
 * - accepted: the server said `status: true`.
 * - rejected: the same call would be answered the same way; `fields` are those of a 422.
 * - slow-down: 429. Not an error of the record.
 * - unavailable: repeat later. `status` is undefined when no answer came.
 *
 * `message` is for a person: the status, the server's own words, and what to check. `doubtsApi` tells that the answer may
 * be about the API as a whole, whatever was sent: its address, its key, the proxy in front of it. `retryAfterMs` is the
 * server's wish, 1 s to 1 h; undefined leaves it to the caller's own back-off.
 */
export type Verdict = { message: string; doubtsApi: boolean } & (
  | { kind: "accepted"; status: number }
  | { kind: "rejected"; status: number; fields: Record<string, string[]> }
  | { kind: "slow-down"; status: number; retryAfterMs: number | undefined }
  | { kind: "unavailable"; status: number; retryAfterMs: number | undefined }
  | { kind: "unavailable"; status: undefined; retryAfterMs: undefined; silence: Silence }
);

/** Why no answer came. */
export type Silence = "timed-out" | "refused" | "cut-off" | "unknown-host" | "no-tls" | "other";

/** With the beginning of the body as it came, at most 2,000 characters; undefined when no answer came. */
export type FiscautAnswer = Verdict & { response: string | undefined };

/** An answer as it came over the wire; `body` is undefined when it was longer than any answer of the API is. */
export interface WireAnswer {
  status: number;
  headers: Headers;
  body: string | undefined;
  /** `POST https://...`, shown where the address is what to check. */
  call: string;
  /** The company's CNPJ, when the call is about one. */
  company: string | undefined;
}

const longestRetryAfterMs = 3_600_000;

const bodySchema = once(() =>
  z.object({
    status: z.unknown().optional(),
    message: z.string().catch(""),
    errors: z.record(z.string(), z.array(z.string())).catch({}),
  }),
);

/**
 * Every status has an answer; nothing is thrown.
 *
 * A 2xx that does not say `status: true` in JSON did not succeed (the old connector took it for success). It is
 * repeated: a proxy's page or a server in trouble is likelier than a verdict on the record, which comes as 422.
 */
export function readAnswer(wire: WireAnswer, nowMs: number): Verdict {
  const { status } = wire;
  const body = parseBody(wire.body);
  const fields = body?.errors ?? {};
  const say = (advice: string) => ({
    status,
    message: composeMessage(status, body, fields, advice),
    doubtsApi: status !== 429 && (body === undefined || doubtfulStatus(status)),
  });
  const retryAfterMs = readRetryAfter(wire.headers, nowMs);

  if (status >= 200 && status < 300) {
    if (body?.status === true) return { kind: "accepted", status, message: body.message, doubtsApi: false };
    const advice = body === undefined ? "" : "Not accepted: the answer lacks status true.";
    return { kind: "unavailable", ...say(advice), retryAfterMs };
  }
  if (status >= 300 && status < 400) {
    // Not followed: the bearer token is for the host that the operator named.
    const target = wire.headers.get("location") ?? "nowhere";
    return {
      kind: "rejected",
      ...say(`${wire.call} redirects to ${target}. Check FISCAUT_API_URL.`),
      fields,
    };
  }
  if (status === 429) return { kind: "slow-down", ...say(""), retryAfterMs };
  if (status === 408 || status >= 500 || status < 200) {
    const advice =
      status === 500 && wire.company !== undefined
        ? `The company ${wire.company} may not be registered in Fiscaut.`
        : "";
    return { kind: "unavailable", ...say(advice), retryAfterMs };
  }
  return { kind: "rejected", ...say(adviceFor(status, wire.call)), fields };
}

/** A 422, or a 2xx that says no, is about the record; of these it is not known. */
function doubtfulStatus(status: number): boolean {
  return (
    status < 200 || (status >= 300 && status < 400) || [401, 404, 405, 408].includes(status) || status >= 500
  );
}

function adviceFor(status: number, call: string): string {
  if (status === 401) return "Check FISCAUT_API_KEY.";
  if (status === 404 || status === 405) return `${call} does not exist. Check FISCAUT_API_URL.`;
  return "";
}

function composeMessage(
  status: number,
  body: z.infer<ReturnType<typeof bodySchema>> | undefined,
  fields: Record<string, string[]>,
  advice: string,
): string {
  const ofFields = Object.entries(fields).map(([field, faults]) => `${field}: ${faults.join(" ")}`);
  const words = body === undefined ? "The body is not the API's JSON." : body.message;
  const text = [words, ...ofFields, advice].filter((part) => part !== "").join(" ");
  return `${status} ${text}`.trim();
}

function parseBody(text: string | undefined): z.infer<ReturnType<typeof bodySchema>> | undefined {
  try {
    return bodySchema().safeParse(JSON.parse(text ?? "")).data;
  } catch {
    return undefined;
  }
}

/** Seconds or an HTTP date, the date measured by the server's own clock where it tells it. */
function readRetryAfter(headers: Headers, nowMs: number): number | undefined {
  const text = headers.get("retry-after")?.trim() ?? "";
  if (/^[0-9]+$/.test(text)) return bound(Number(text) * 1000);
  if (!/^[A-Za-z]/.test(text)) return undefined;
  const untilMs = Date.parse(text);
  if (Number.isNaN(untilMs)) return undefined;
  const serverNowMs = Date.parse(headers.get("date") ?? "");
  return bound(untilMs - (Number.isNaN(serverNowMs) ? nowMs : serverNowMs));
}

function bound(ms: number): number {
  return Math.min(Math.max(ms, 1000), longestRetryAfterMs);
}
