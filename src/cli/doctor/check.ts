/** What a check of `doctor` is, and running them: side by side, each bounded in time, none of them able to end the others. */
import { OperatorError } from "../../task/errors.ts";
import { messageOf } from "../../task/thrown.ts";
import { within } from "../within.ts";

/**
 * warn: it works, but not well or not for long. fail: it does not work. skip: it was not looked at, and `text` says why;
 * it counts neither way.
 */
export type CheckStatus = "pass" | "warn" | "fail" | "skip";

export interface Finding {
  status: CheckStatus;
  /** What was found, without the check's name. */
  text: string;
  /** What to do, unless all is well. */
  cure?: string;
}

/** Looks only: nothing is written, started or locked. */
export interface Check<Given> {
  name: string;
  look(given: Given): Finding | Promise<Finding>;
}

/** A check with what it looks at in it. */
export interface ReadyCheck {
  name: string;
  look(): Finding | Promise<Finding>;
}

export type Result = Finding & { name: string };

export const withGiven = <Given>(given: Given, checks: readonly Check<Given>[]): ReadyCheck[] =>
  checks.map(({ name, look }) => ({ name, look: () => look(given) }));

export const pass = (text: string): Finding => ({ status: "pass", text });
export const skip = (text: string, cure?: string): Finding => found("skip", text, cure);
export const warn = (text: string, cure?: string): Finding => found("warn", text, cure);
export const fail = (text: string, cure?: string): Finding => found("fail", text, cure);

const found = (status: CheckStatus, text: string, cure: string | undefined): Finding => ({
  status,
  text,
  ...(cure !== undefined && { cure }),
});

/** In the order given, whatever the order in which they end. Never rejects. */
export function runChecks(checks: readonly ReadyCheck[], limitMs: number): Promise<Result[]> {
  return Promise.all(checks.map((check) => runCheck(check, limitMs)));
}

async function runCheck({ name, look }: ReadyCheck, limitMs: number): Promise<Result> {
  const late = () =>
    fail(`no answer within ${limitMs / 1000} s`, "see whether what it asks is overloaded or hangs");
  try {
    return { name, ...(await within(limitMs, look, late)) };
  } catch (error) {
    return { name, ...failedBy(error) };
  }
}

/** For what a check foresaw by kind alone. */
export function failedBy(error: unknown): Finding {
  if (error instanceof OperatorError) return fail(error.message, error.hint);
  return fail(messageOf(error));
}
