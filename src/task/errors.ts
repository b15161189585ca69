/**
 * Errors that a person reads. Handlers have their own vocabulary in `outcome.ts`.
 */

/** What went wrong, as the exit code tells it; `cli/exit-codes.ts` turns it into the number. */
export type FaultKind = "failed" | "conflict" | "usage" | "unavailable" | "config" | "drain-timed-out";

/**
 * An error whose message is meant for the operator as it stands: no stack is shown.
 * `hint` says what to do next and is printed as "Try: ...". Neither may hold a secret.
 */
export class OperatorError extends Error {
  override readonly name = "OperatorError";
  readonly kind: FaultKind;
  readonly hint: string | undefined;

  constructor(kind: FaultKind, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.hint = options.hint;
  }
}
