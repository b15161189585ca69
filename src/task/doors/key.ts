/**
 * The key by which equal tasks are known, and what to do when a live one has it. That a key is unique among live
 * tasks is seen to by the store (`enqueue-once.ts`).
 */
import { z } from "zod";
import { once } from "../once.ts";

/**
 * skip: the live one stays, nothing is added (Django's CHECK_EXISTING). replace: a pending one is cancelled and the
 * new one added (remove_existing_tasks). reschedule: a pending one gets the new one's priority and time, and keeps
 * its payload (RESCHEDULE_EXISTING).
 *
 * Is the live one running, skip leaves it at that. replace and reschedule take its key away, let this attempt go on
 * and add the new one, since what it was to do may have changed after it started; should the attempt not succeed,
 * the task is cancelled instead of run again, as graphile-worker ends its attempts.
 */
export const conflictRules = ["skip", "replace", "reschedule"] as const;
export type ConflictRule = (typeof conflictRules)[number];

export const defaultConflictRule: ConflictRule = "skip";

/** Keys made here begin with it, keys of callers may not. */
export const payloadKeyPrefix = "payload:";

/** The part of a new task that says whether it is to be stored once. */
export const keyFields = once(() => ({
  key: z
    .string()
    .min(1)
    .max(200)
    .refine((text) => text.isWellFormed() && !text.includes("\u0000"), "holds a NUL or half a character")
    .refine((text) => !text.startsWith(payloadKeyPrefix), `may not begin with ${payloadKeyPrefix}`)
    .optional()
    .describe("no two live tasks have the same"),
  keyOf: z.literal("payload").optional().describe("the key is made of name and payload"),
  onConflict: z.enum(conflictRules).optional().describe("when a live task has the key"),
}));

/**
 * Equal for equal name and payload, whatever the order of members in its objects: as Django's task_hash, with
 * SHA-256.
 */
export function payloadKey(name: string, payload: unknown): string {
  // No name holds a line break.
  const digest = new Bun.CryptoHasher("sha256").update(`${name}\n${canonicalJson(payload)}`).digest("hex");
  return `${payloadKeyPrefix}${digest}`;
}

/** JSON with the members of each object in the order of their names. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(",")}}`;
}
