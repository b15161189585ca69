/** Reads what a task's flags and words say: payload, whole numbers, instants. Their limits are `task/doors/new-task.ts`'s affair. */
import { OperatorError } from "../../task/errors.ts";
import { type TaskState, taskStates } from "../../task/task.ts";
import { messageOf } from "../../task/thrown.ts";

/** From JSON, `@FILE` or `-`. @throws OperatorError "usage" */
export async function readPayload(given: string | undefined): Promise<unknown> {
  if (given === undefined) return undefined;
  const text = await readPayloadText(given);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new OperatorError("usage", `the payload is not JSON: ${messageOf(error)}`, {
      hint: `fiscaut-tasks enqueue NAME '{"key": "value"}', or @FILE where the shell eats the quotes`,
    });
  }
}

async function readPayloadText(given: string): Promise<string> {
  if (given === "-") return await Bun.stdin.text();
  if (!given.startsWith("@")) return given;
  const path = given.slice(1);
  try {
    return await Bun.file(path).text();
  } catch {
    throw new OperatorError("usage", `the payload's file ${path} can't be read`);
  }
}

/** @throws OperatorError "usage" */
export function readInteger(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^-?\d+$/.test(text)) throw new OperatorError("usage", `--${flag}: "${text}" is not a whole number`);
  return Number(text);
}

/** `--run-at`. @throws OperatorError "usage" */
export function readInstant(flag: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  // Without a zone it would mean another instant on each machine.
  const at = /(Z|[+-]\d\d:?\d\d)$/i.test(text) ? new Date(text) : undefined;
  if (at === undefined || Number.isNaN(at.getTime()))
    throw new OperatorError("usage", `--${flag}: "${text}" is not an instant with a time zone`, {
      hint: `--${flag} 2026-12-01T08:00:00-03:00`,
    });
  return at;
}

/** `--state`, one of `allowed`. @throws OperatorError "usage" */
export function readState<State extends TaskState>(
  text: string | undefined,
  allowed: readonly State[],
): State | undefined {
  const state = allowed.find((known) => known === text);
  if (text === undefined || state !== undefined) return state;
  const known = taskStates.some((other) => other === text);
  throw new OperatorError(
    "usage",
    known
      ? `--state: nothing can be done here to a task that is ${text}`
      : `--state: there is no state "${text}"`,
    { hint: `one of ${allowed.join(", ")}` },
  );
}
