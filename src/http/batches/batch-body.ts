/**
 * Reads the body of a batch: NDJSON, an array of tasks, or an object that holds one, never more of it in memory than
 * comes at once, or a task. What a task may be is `task/doors/new-task.ts`'s affair.
 */
import type { Context } from "hono";
import type { AskedTask } from "../../task/doors/json-lines.ts";
import { prolong } from "../answer-limit.ts";
import { Problem } from "../problem.ts";
import type { Body } from "../request.ts";
import { JsonScanner } from "./json-scanner.ts";

/** Of a batch. It is kept on the disk until it is checked. */
export const maxBatchBytes = 512 * 1024 * 1024;

/**
 * The body as it comes, be that as slow as it likes as long as it does.
 * @throws Problem 413
 */
export async function* readUpload(
  c: Context,
  body: Body = c.req.raw.body ?? new Uint8Array(),
): AsyncGenerator<Uint8Array> {
  if (Number(c.req.header("content-length") ?? 0) > maxBatchBytes) throw tooLarge();
  let size = 0;
  for await (const chunk of body instanceof Uint8Array ? [body] : body) {
    prolong(c);
    size += chunk.length;
    if (size > maxBatchBytes) throw tooLarge();
    yield chunk;
  }
}

/** @throws Problem 400, or OperatorError "usage" naming the task that is no JSON. */
export async function* readArray(body: AsyncIterable<Uint8Array>): AsyncGenerator<AskedTask[]> {
  const scanner = new JsonScanner(body);
  yield* readTasks(scanner, "at its beginning");
  await scanner.expectEnd();
}

/**
 * The tasks of an object's `tasks`, wherever in it they stand.
 * @param members gets its other members: complete when the last task was read.
 */
export async function* readObject(
  body: AsyncIterable<Uint8Array>,
  members: Map<string, unknown>,
): AsyncGenerator<AskedTask[]> {
  const scanner = new JsonScanner(body);
  const seen = new Set<unknown>();
  await scanner.expect("{", "at its beginning");
  for (let more = !(await scanner.takes("}")); more; ) {
    const { value: name } = await scanner.value("a member's name");
    if (typeof name !== "string")
      throw new Problem(400, "the body is not JSON: a member's name is no string");
    if (seen.has(name)) throw new Problem(400, `${name}: given more than once`);
    seen.add(name);
    await scanner.expect(":", `after ${JSON.stringify(name)}`);
    if (name === "tasks") yield* readTasks(scanner, "for tasks");
    else members.set(name, (await scanner.value(name)).value);
    more = await scanner.takes(",");
    if (!more) await scanner.expect("}", `after ${name}`);
  }
  await scanner.expectEnd();
  if (!seen.has("tasks"))
    throw new Problem(400, "tasks: none are given", { hint: '{"title": "...", "tasks": [{"name": "..."}]}' });
}

/** What is at hand comes at once: awaiting each task of it would cost more than reading it. */
async function* readTasks(scanner: JsonScanner, where: string): AsyncGenerator<AskedTask[]> {
  let asked: AskedTask[] = [];
  await scanner.expect("[", where);
  let more = !(await scanner.takes("]"));
  for (let index = 0; more; index++) {
    const place = `tasks[${index}]`;
    let scanned = scanner.valueAtHand(place);
    if (scanned === undefined) {
      if (asked.length > 0) yield asked;
      asked = [];
      scanned = await scanner.value(place);
    }
    asked.push({ place, task: scanned.value, bytes: scanned.bytes });
    more = scanner.takesAtHand(",") ?? (await scanner.takes(","));
    if (!more) await scanner.expect("]", `after ${place}`);
  }
  if (asked.length > 0) yield asked;
}

const tooLarge = () =>
  new Problem(413, `the body is larger than ${maxBatchBytes} bytes`, {
    hint: "enqueue it as several batches",
  });
