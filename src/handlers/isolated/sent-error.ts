/** Carries what was thrown over the border of a process, so that it says and causes there what it would have here. */
import { type FaultKind, OperatorError } from "../../task/errors.ts";
import { PermanentError, RetryAfter, Snooze } from "../../task/outcome.ts";

export interface SentError {
  /** As the engine and handlers tell errors apart; value: what was thrown is no error but `message`. */
  kind: "error" | "permanent" | "retry-after" | "snooze" | "operator" | "value";
  name: string;
  message: string;
  stack: string | undefined;
  /** Its own plain properties, such as a driver's `code` or `delayMs`. */
  properties: Record<string, string | number | boolean>;
}

export function sendError(thrown: unknown): SentError {
  if (!(thrown instanceof Error))
    return { kind: "value", name: "", message: String(thrown), stack: undefined, properties: {} };
  const { name, message, stack } = thrown;
  const plain = Object.entries(thrown).filter(([, value]) => /^(string|number|boolean)$/.test(typeof value));
  return { kind: kindOf(thrown), name, message, stack, properties: Object.fromEntries(plain) };
}

/** @returns what to throw. */
export function receiveError(sent: SentError): unknown {
  if (sent.kind === "value") return sent.message;
  const { name, stack, properties } = sent;
  const error = create(sent);
  // The name of its own class; a name of the operator's own making is kept.
  if (error.name !== name) Object.defineProperty(error, "name", { value: name, configurable: true });
  const { name: _, message: __, stack: ___, ...rest } = properties;
  Object.assign(error, rest);
  if (stack === undefined) delete error.stack;
  else error.stack = stack;
  return error;
}

function kindOf(error: Error): SentError["kind"] {
  if (error instanceof PermanentError) return "permanent";
  if (error instanceof RetryAfter) return "retry-after";
  if (error instanceof Snooze) return "snooze";
  return error instanceof OperatorError ? "operator" : "error";
}

function create({ kind, message, properties }: SentError): Error {
  switch (kind) {
    case "permanent":
      return new PermanentError(message);
    case "retry-after":
      return new RetryAfter(Number(properties["delayMs"]), message);
    case "snooze":
      return new Snooze(Number(properties["delayMs"]), message);
    case "operator":
      return new OperatorError(properties["kind"] as FaultKind, message);
    default:
      return new Error(message);
  }
}
