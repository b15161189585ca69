/**
 * What a caller may ask for when it enqueues a task, and the rules that every door (command line, HTTP,
 * handlers) checks alike. Whether the payload suits the handler is the handler's schema's affair.
 */
import { z } from "zod";
import { OperatorError } from "../errors.ts";
import { once } from "../once.ts";
import { formatBackoff, longestDelayMs, readBackoff } from "../time/backoff.ts";
import { afterSchema } from "./after.ts";
import { keyFields, payloadKey } from "./key.ts";

export const defaultQueue = "default";
/** As django-background-tasks: with its back-off, 25 attempts span about three weeks. */
export const defaultMaxAttempts = 25;
export const maxPayloadBytes = 1024 * 1024;
/** Of a title, in characters. */
export const longestTitle = 200;

const longestWord = 100;
const wordPattern = /^[A-Za-z0-9_][A-Za-z0-9_.:-]*$/;
const word = (what: string) =>
  z
    .string()
    .min(1, `${what} is empty`)
    .max(longestWord, `${what} is longer than ${longestWord} characters`)
    .regex(wordPattern, `${what} may hold letters, digits and _ . : - only`);

export const taskNameSchema = once(() => word("the task's name"));
export const queueNameSchema = once(() => word("the queue's name"));
export const scheduleNameSchema = once(() => word("the schedule's name"));

/** Milliseconds that still fit Postgres' integer: 24 days. */
const maxTimeoutMs = 2 ** 31 - 1;
const maxDelayMs = longestDelayMs;
/** Far below what Postgres' own parser bears. */
export const maxNesting = 200;

/** Only with its zone is a text the same instant on every machine. */
const instantSchema = once(() =>
  z
    .union([z.date(), z.iso.datetime({ offset: true }).transform((text) => new Date(text))])
    .refine((at) => at.getTime() >= 0 && at.getUTCFullYear() <= 9999, "not between the years 1970 and 9999"),
);

const backoffSchema = once(() =>
  z.string().transform((text, context) => {
    const backoff = readBackoff(text);
    if (typeof backoff === "object") return formatBackoff(backoff);
    context.addIssue(`${JSON.stringify(text)} ${backoff}`);
    return z.NEVER;
  }),
);

/** Not zod's own, which drops a member that is named `__proto__` without a word. */
const jsonSchema = once(() =>
  z.custom<z.core.util.JSONType>(
    isJson,
    "holds what JSON has not: only text, finite numbers, true, false, null, lists and plain objects can be stored",
  ),
);

function isJson(value: unknown): value is z.core.util.JSONType {
  const open = [value];
  for (let next = open.pop(); next !== undefined || open.length > 0; next = open.pop()) {
    if (next === null || typeof next === "string" || typeof next === "boolean") continue;
    if (typeof next === "number") {
      if (!Number.isFinite(next)) return false;
      continue;
    }
    if (typeof next !== "object" || !(Array.isArray(next) || isPlain(next))) return false;
    for (const inner of Object.values(next)) {
      if (inner === undefined) return false;
      open.push(inner);
    }
  }
  return value !== undefined;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

export const newTaskSchema = once(() =>
  z
    .strictObject({
      name: taskNameSchema(),
      payload: jsonSchema().default({}).describe("the handler's arguments"),
      queue: queueNameSchema().default(defaultQueue),
      priority: z.int().min(-32768).max(32767).default(0).describe("higher runs first"),
      delayMs: z.int().min(0).max(maxDelayMs).optional().describe("from now, by the database's clock"),
      runAt: instantSchema().optional().describe("ISO 8601 with a time zone"),
      maxAttempts: z.int().min(1).max(1000).default(defaultMaxAttempts),
      timeoutMs: z.int().min(1).max(maxTimeoutMs).optional(),
      serialKey: word("the serial key").optional().describe("tasks of one key run one at a time"),
      after: afterSchema().optional().describe("run once these tasks and batches have succeeded"),
      backoff: backoffSchema().optional().describe("the wait after an error; otherwise the handler's"),
      repeatMs: z
        .int()
        .min(1_000)
        .max(maxDelayMs)
        .optional()
        .describe("from the planned time of this run to the next's"),
      repeatUntil: instantSchema().optional().describe("no run is planned after it"),
      repeatAfterFailure: z.boolean().optional().describe("go on after a run that failed for good"),
      title: z
        .string()
        .min(1)
        .max(longestTitle)
        .refine((text) => text.isWellFormed() && !text.includes("\u0000"), "holds a NUL or half a character")
        .optional(),
      ...keyFields(),
    })
    .refine(
      (task) => task.delayMs === undefined || task.runAt === undefined,
      "delayMs and runAt exclude each other",
    )
    .refine((task) => task.key === undefined || task.keyOf === undefined, "key and keyOf exclude each other")
    .refine(
      (task) => task.onConflict === undefined || task.key !== undefined || task.keyOf !== undefined,
      "onConflict needs a key or keyOf",
    )
    .refine(
      (task) =>
        task.repeatMs !== undefined ||
        (task.repeatUntil === undefined && task.repeatAfterFailure === undefined),
      "repeatUntil and repeatAfterFailure need repeatMs",
    ),
);

export type { NewTask } from "./new-task-input.ts";
/** As the store takes it: with its key, where `keyOf` asked for one. */
export type CheckedTask = z.output<ReturnType<typeof newTaskSchema>>;

/** As the store takes it: it never reads the payload, whose text may be large. */
export type StorableTask = Omit<CheckedTask, "payload"> & { payloadJson: string };

/** @param task as `checkNewTask` or `checkStorableTask` has it. */
export function toStorable({ payload, ...task }: CheckedTask & Partial<StorableTask>): StorableTask {
  return { ...task, payloadJson: task.payloadJson ?? JSON.stringify(payload) };
}

/**
 * Checks one task at a door.
 * @throws OperatorError "usage", naming every fault.
 */
export function checkNewTask(input: unknown): CheckedTask {
  return check(input).task;
}

/** As `checkNewTask`, with the text that the check has made of the payload. */
export function checkStorableTask(input: unknown): CheckedTask & StorableTask {
  const { task, payloadJson } = check(input);
  return Object.assign(task, { payloadJson });
}

function check(input: unknown): { task: CheckedTask; payloadJson: string } {
  checkNesting(input);
  const task = readPlainTask(input) ?? readTask(input);
  const payloadJson = checkPayload(task.payload);
  if (task.keyOf !== undefined) task.key = payloadKey(task.name, task.payload);
  return { task, payloadJson };
}

function readTask(input: unknown): CheckedTask {
  const parsed = newTaskSchema().safeParse(input);
  if (!parsed.success) throw new OperatorError("usage", describeIssues(parsed.error));
  return parsed.data;
}

/**
 * What the schema makes of a task that has a name and maybe a payload and a queue, as most have, in a quarter of the time.
 * @returns undefined for all others, and for what the schema refuses, in its words.
 */
function readPlainTask(input: unknown): CheckedTask | undefined {
  if (typeof input !== "object" || input === null || !isPlain(input)) return undefined;
  const { name, payload = {}, queue = defaultQueue, ...others } = input as Record<string, unknown>;
  for (const _ in others) return undefined;
  if (!isWord(name) || !isWord(queue) || !isJson(payload)) return undefined;
  return { name, payload, queue, priority: 0, maxAttempts: defaultMaxAttempts };
}

const isWord = (value: unknown): value is string =>
  typeof value === "string" && value.length <= longestWord && wordPattern.test(value);

/**
 * To be called before zod, which walks what it is given recursively.
 * @throws OperatorError "usage"
 */
export function checkNesting(input: unknown): void {
  if (nestingOf(input) > maxNesting)
    throw new OperatorError("usage", `the payload is nested more than ${maxNesting} levels deep`);
}

/**
 * Whether Postgres can keep it, and in what room.
 * @returns its text.
 * @throws OperatorError "usage"
 */
export function checkPayload(payload: unknown): string {
  const json = JSON.stringify(payload);
  if (Buffer.byteLength(json) > maxPayloadBytes)
    throw new OperatorError("usage", `the payload is larger than ${maxPayloadBytes} bytes`, {
      hint: "store the bulk elsewhere and enqueue a reference to it",
    });
  // Postgres' jsonb has neither U+0000 nor half a surrogate pair: refuse them here, where the caller still is.
  if (json.includes("\\u") && unstorable.test(json))
    throw new OperatorError(
      "usage",
      "the payload holds a NUL or half a character, which Postgres can't store",
    );
  return json;
}

/** JSON.stringify writes both as escapes; an even number of backslashes before one is text, not an escape. */
export const unstorable = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/i;

/** Level by level, since a recursive walk is what it guards against; stops counting beyond the limit. */
export function nestingOf(input: unknown): number {
  let level = [input];
  let depth = 0;
  while (level.length > 0 && depth <= maxNesting + 1) {
    level = level.flatMap((value) =>
      typeof value === "object" && value !== null ? Object.values(value) : [],
    );
    depth += 1;
  }
  return depth;
}

/** Zod's issues as one line: `payload.company: expected number; queue: ...`. */
export function describeIssues(error: z.ZodError): string {
  return error.issues
    .map((issue) => (issue.path.length > 0 ? `${issue.path.join(".")}: ${issue.message}` : issue.message))
    .join("; ");
}
