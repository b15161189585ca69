/**
 * Who may ask at all: the bearer token, and the rules against web pages that reach for this server through an
 * operator's browser. What a request asks for is judged by its route.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { isLoopback } from "../config/value-kinds.ts";
import { OperatorError } from "../task/errors.ts";
import { Problem } from "./problem.ts";

export interface GuardOptions {
  /** Undefined: whoever reaches the port may do everything, so it must be loopback. */
  token?: string | undefined;
  /** The server listens on loopback addresses alone. */
  loopbackOnly: boolean;
}

/** Bodies of many lines are for these alone. */
const ndjsonPaths = new Set(["/batches"]);

/** Open without a token: an orchestrator's probes carry none, and the answers tell nothing of tasks. */
const openPaths = new Set(["/livez", "/readyz"]);

/**
 * Lets a request pass or throws the Problem that refuses it: 401, 403 or 415.
 * @throws OperatorError "config" at once, when other machines could come in without a token.
 */
export function createGuard({ token, loopbackOnly }: GuardOptions): MiddlewareHandler {
  if (!loopbackOnly && token === undefined)
    throw new OperatorError("config", "HTTP on other than a loopback address needs a token", {
      hint: "set a token, or listen on 127.0.0.1",
    });
  const isOurs = token === undefined ? undefined : tokenCheck(token);
  return async (c, next) => {
    if (isOurs === undefined) refuseForeignHost(c);
    refuseOtherSites(c);
    if (isOurs !== undefined && !openPaths.has(c.req.path)) requireToken(c, isOurs);
    if (c.req.method === "POST" || c.req.method === "PATCH") requireJson(c);
    await next();
  };
}

/** Digests are compared, so that neither the token's bytes nor its length show in the time that it takes. */
function tokenCheck(token: string): (given: string) => boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  const expected = digest(token);
  return (given) => timingSafeEqual(digest(given), expected);
}

function requireToken(c: Context, isOurs: (given: string) => boolean): void {
  const given = /^Bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
  if (given !== undefined && isOurs(given)) return;
  const challenge = `Bearer realm="fiscaut-tasks"${given === undefined ? "" : ', error="invalid_token"'}`;
  throw new Problem(
    401,
    given === undefined ? "a bearer token is needed" : "the bearer token is not the right one",
    {
      hint: "send the header Authorization: Bearer TOKEN, with the token that the worker was given",
      headers: { "www-authenticate": challenge },
    },
  );
}

/**
 * DNS rebinding: a page's own name, made to point at 127.0.0.1, is to the browser the page's own site. Only the
 * Host header gives it away.
 */
function refuseForeignHost(c: Context): void {
  const host = hostOf(c);
  if (isLoopback(host.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1"))) return;
  throw new Problem(403, `without a token this server answers to loopback names alone, not to ${host}`, {
    hint: "ask for 127.0.0.1 or localhost, or set a token",
  });
}

/** A page of another site may not read the answers, but its forms and images could still send requests. */
function refuseOtherSites(c: Context): void {
  const origin = c.req.header("origin");
  const sameOrigin = origin === undefined || URL.parse(origin)?.host === hostOf(c);
  if (sameOrigin && c.req.header("sec-fetch-site") !== "cross-site") return;
  throw new Problem(403, "requests from web pages of other sites are refused", {
    hint: "call from a program, or open the address in the browser by itself; a proxy must pass the Host header on",
  });
}

/** Without it, a form of another site could post text that reads as JSON. A form can't send NDJSON either. */
function requireJson(c: Context): void {
  const contentType = c.req.header("content-type");
  if (!hasBody(c)) return;
  if (/^application\/json *(;|$)/i.test(contentType ?? "")) return;
  const takesLines = ndjsonPaths.has(c.req.path);
  if (takesLines && isNdjson(c)) return;
  throw new Problem(415, `the body's content type is ${contentType ?? "not given"}, not application/json`, {
    hint: `send the header Content-Type: application/json${takesLines ? ", or application/x-ndjson for a task a line" : ""}`,
  });
}

/** Whether the body is one of JSON values, one a line. */
export function isNdjson(c: Context): boolean {
  return /^application\/(x-)?ndjson *(;|$)/i.test(c.req.header("content-type") ?? "");
}

/** Told by the headers alone: a body that is asked for is a body that Bun starts to keep. */
function hasBody(c: Context): boolean {
  const length = c.req.header("content-length");
  if (length !== undefined) return length !== "0";
  return c.req.header("transfer-encoding") !== undefined || c.req.header("content-type") !== undefined;
}

/** In lower case, with the port where it is not the scheme's own. */
function hostOf(c: Context): string {
  return (c.req.header("host") ?? new URL(c.req.url).host).toLowerCase();
}
