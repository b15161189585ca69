/**
 * The one shape of every error answer, RFC 9457's `application/problem+json`, and which error becomes which
 * status. Reporting an unexpected error to the log is left to whoever hands `onFault` to the app.
 */
import { STATUS_CODES } from "node:http";
import { isUnavailable, unavailableWords } from "../store/connection.ts";
import { OperatorError } from "../task/errors.ts";

/** When a client should come back after a 503: about as long as a database needs to restart. */
const retryAfterSeconds = 5;

export interface ProblemOptions {
  /** What the caller can do about it. */
  hint?: string | undefined;
  headers?: Record<string, string>;
  /** Further members, such as the state that stood in the way. */
  members?: Record<string, unknown>;
}

/** Thrown anywhere below a route: the answer is `status` with `detail`, which is meant for the caller as it stands. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: number;
  readonly options: ProblemOptions;

  constructor(status: number, detail: string, options: ProblemOptions = {}) {
    super(detail);
    this.status = status;
    this.options = options;
  }

  /** `type` is about:blank, as RFC 9457 has it where the status says all: `title` is then its phrase. */
  toResponse(): Response {
    const { hint, headers, members } = this.options;
    const body = {
      ...members,
      type: "about:blank",
      title: STATUS_CODES[this.status] ?? "Error",
      status: this.status,
      detail: this.message,
      hint,
    };
    return new Response(JSON.stringify(body), {
      status: this.status,
      headers: { ...headers, "content-type": "application/problem+json" },
    });
  }
}

/** 503, with when to come back. */
export function unavailable(detail: string, hint?: string): Problem {
  return new Problem(503, detail, { hint, headers: { "retry-after": String(retryAfterSeconds) } });
}

/**
 * What the caller is told of an error. Only messages that were written for a person pass: of all others neither
 * text nor stack, for they may hold SQL, payloads or the database's URL.
 * @returns undefined for an error that nobody foresaw: the caller gets `unexpected`, the log gets the error.
 */
export function problemOf(error: unknown): Problem | undefined {
  if (error instanceof Problem) return error;
  if (isUnavailable(error)) return unavailable(`the database ${unavailableWords(error)}`);
  if (!(error instanceof OperatorError)) return undefined;
  if (error.kind === "usage") return new Problem(400, error.message, { hint: error.hint });
  if (error.kind === "conflict") return new Problem(409, error.message, { hint: error.hint });
  return error.kind === "unavailable" ? unavailable("the database can't be reached") : undefined;
}

export const unexpected = new Problem(500, "an unexpected error, which the worker's log tells", {
  hint: "look in the log of the worker at this time",
});
