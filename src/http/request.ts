/**
 * Reads what a request carries: its body, its query, the id in its path. Each refuses what it doesn't know,
 * so that a mistyped name is told and not ignored. Meaning is left to the routes.
 */
import type { Context } from "hono";
import { z } from "zod";
import { isBlank, maxTaskBytes, parseJson } from "../task/doors/json-lines.ts";
import { describeIssues } from "../task/doors/new-task.ts";
import { once } from "../task/once.ts";
import { Problem } from "./problem.ts";

/** Of all bodies but those of batches. */
export const maxBodyBytes = maxTaskBytes;

/** How long a bulk verb takes up further tasks. Well below an answer's limit: `complete` tells what is left over. */
export const bulkLimitMs = 5_000;

/** An id as it stands in a path or a query: digits, as many as a number holds exactly. */
export const idSchema = once(() =>
  z
    .string()
    .regex(/^[1-9]\d{0,14}$/, "expected an id, a whole number from 1")
    .transform(Number),
);

/** @throws Problem 400 when the path's id is none. */
export function readId(c: Context): number {
  const id = idSchema().safeParse(c.req.param("id"));
  if (!id.success) throw new Problem(400, `id: ${id.error.issues[0]?.message}`);
  return id.data;
}

const noQuery = once(() => z.strictObject({}));

/** For a route that takes no parameters. @throws Problem 400, naming those that were given. */
export function refuseQuery(c: Context): void {
  if (c.req.url.includes("?")) readQuery(c, noQuery);
}

/** @throws Problem 400, naming every parameter that is unknown, given twice or no good. */
export function readQuery<Query>(c: Context, schemaOf: () => z.ZodObject & z.ZodType<Query>): Query {
  const schema = schemaOf();
  const given = c.req.queries();
  const hint = describeParameters(Object.keys(schema.shape));
  const twice = Object.keys(given).filter((name) => given[name]?.length !== 1);
  if (twice.length > 0) throw new Problem(400, `given more than once: ${twice.join(", ")}`, { hint });
  const query = schema.safeParse(
    Object.fromEntries(Object.entries(given).map(([name, [value]]) => [name, value])),
  );
  if (!query.success) throw new Problem(400, describeIssues(query.error), { hint });
  return query.data;
}

function describeParameters(names: string[]): string {
  return names.length === 0
    ? "this address takes no query"
    : `the query's parameters are ${names.join(", ")}`;
}

/** Whole, or as it comes. */
export type Body = Uint8Array | AsyncIterable<Uint8Array>;

/** A body that says so is taken whole: making a stream of it took a tenth of a request's time. */
const smallBodyBytes = 64 * 1024;

async function openBody(c: Context): Promise<Body> {
  const length = Number(c.req.header("content-length") ?? Number.POSITIVE_INFINITY);
  return length <= smallBodyBytes ? await c.req.raw.bytes() : (c.req.raw.body ?? new Uint8Array());
}

/**
 * The body as JSON, never more of it in memory than `maxBodyBytes`.
 * @throws Problem 400 when there is none, 413 for what is too large, OperatorError "usage" for what is not JSON.
 */
export async function readJson(c: Context, opened?: Body): Promise<unknown> {
  const body = opened ?? (await openBody(c));
  const bytes =
    body instanceof Uint8Array
      ? Buffer.from(body.buffer, body.byteOffset, body.byteLength)
      : await gather(c, body);
  if (bytes.length === 0) throw new Problem(400, "the body is empty");
  return parseJson(bytes, "the body");
}

async function gather(c: Context, body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  if (Number(c.req.header("content-length") ?? 0) > maxBodyBytes) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  // A chunked body tells its size only by coming.
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBodyBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Whether the body is an array, told by its beginning; and the body, which is still whole. */
export async function peekArray(c: Context): Promise<{ isArray: boolean; body: Body }> {
  const body = await openBody(c);
  if (body instanceof Uint8Array) return { isArray: findFirst(body) === openBracket, body };
  const chunks = body[Symbol.asyncIterator]();
  const begun: Uint8Array[] = [];
  let first: number | undefined;
  while (first === undefined) {
    const { done, value } = await chunks.next();
    if (done) break;
    begun.push(value);
    first = findFirst(value);
  }
  async function* whole() {
    yield* begun;
    yield* { [Symbol.asyncIterator]: () => chunks };
  }
  return { isArray: first === openBracket, body: whole() };
}

const findFirst = (chunk: Uint8Array) => chunk.find((byte) => !isBlank(byte));

const openBracket = 0x5b;

function tooLarge(): Problem {
  return new Problem(413, `the body is larger than ${maxBodyBytes} bytes`, {
    hint: "store the bulk elsewhere and enqueue a reference to it",
  });
}
