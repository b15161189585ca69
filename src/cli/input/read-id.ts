/** Reads a positive whole number from a flag or word: an id, a count. */
import { OperatorError } from "../../task/errors.ts";

/** @throws OperatorError "usage", naming `what`. */
export function readId(what: string, text: string): number {
  const id = Number(text);
  if (!/^\d+$/.test(text) || id < 1 || !Number.isSafeInteger(id))
    throw new OperatorError("usage", `${what}: "${text}" is not a whole number above 0`);
  return id;
}
