/**
 * The isolated handler's side of its context's verbs: each call goes to the worker and comes back with what it came to.
 * What a verb does is told in `context.ts`; the worker's side is `answer-calls.ts`.
 */
import type { FromChild, ToChild } from "./messages.ts";
import { receiveError, sendError } from "./sent-error.ts";

type Verb = (...args: unknown[]) => Promise<unknown>;
export interface RemoteVerbs {
  /** A tree of functions, as the paths say. */
  readonly verbs: Record<string, unknown>;
  take(message: Extract<ToChild, { kind: "more" | "answer" | "refusal" }>): void;
}

interface Call {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  /** Undefined: it has none. */
  feed: Feed | undefined;
}

/** Reads a streamed argument as far as it is asked for. */
interface Feed {
  next(): Promise<{ items: unknown[]; last: boolean }>;
  /** What reading it has thrown: the caller gets its own error back. */
  failure: { error: unknown } | undefined;
  close(): void;
}

/** Of one message. Tasks differ in size by their payloads, so their bytes count, too. */
const maxItems = 500;
const maxItemsLength = 256 * 1024;

/** @param send throws for what can't be cloned. */
export function createRemoteVerbs(paths: string[], send: (message: FromChild) => void): RemoteVerbs {
  const calls = new Map<number, Call>();
  let lastN = 0;

  function callVerb(path: string, args: unknown[]): Promise<unknown> {
    const n = ++lastN;
    const found = args.findIndex((arg) => isStreamed(path, arg));
    const streamed = found === -1 ? undefined : found;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const feed = streamed === undefined ? undefined : createFeed(args[streamed] as Iterable<unknown>);
    const sent = args.map((arg, index) => (index === streamed ? null : arg));
    send({ kind: "call", n, verb: path, args: sent, streamed });
    calls.set(n, { resolve, reject, feed });
    return promise;
  }

  async function feedFurther(n: number): Promise<void> {
    const feed = calls.get(n)?.feed;
    if (feed === undefined) return;
    try {
      send({ kind: "items", n, ...(await feed.next()) });
    } catch (error) {
      feed.failure = { error };
      send({ kind: "no-items", n, error: sendError(error) });
    }
  }

  return {
    verbs: treeOf(paths.map((path): [string, Verb] => [path, async (...args) => await callVerb(path, args)])),
    take(message) {
      if (message.kind === "more") {
        feedFurther(message.n);
        return;
      }
      const call = calls.get(message.n);
      calls.delete(message.n);
      call?.feed?.close();
      if (message.kind === "answer") call?.resolve(message.value);
      else call?.reject(call.feed?.failure ? call.feed.failure.error : receiveError(message.error));
    },
  };
}

/** An array is an argument like others, but for that of a batch's tasks, which may be long. */
function isStreamed(path: string, arg: unknown): boolean {
  if (typeof arg !== "object" || arg === null) return false;
  if (Array.isArray(arg)) return path === "enqueueBatch";
  return Symbol.asyncIterator in arg || Symbol.iterator in arg;
}

function createFeed(iterable: Iterable<unknown> | AsyncIterable<unknown>): Feed {
  const iterator =
    Symbol.asyncIterator in iterable ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator]();
  let ended = false;
  return {
    failure: undefined,
    async next() {
      const items: unknown[] = [];
      let length = 0;
      while (items.length < maxItems && length < maxItemsLength) {
        const { done, value } = await iterator.next();
        if (done) {
          ended = true;
          return { items, last: true };
        }
        items.push(value);
        length += (JSON.stringify(value) ?? "").length;
      }
      return { items, last: false };
    },
    /** As a loop that is left early does. */
    close() {
      if (!ended) Promise.try(() => iterator.return?.()).catch(() => {});
    },
  };
}

function treeOf(verbs: [string, Verb][]): Record<string, unknown> {
  const tree: Record<string, unknown> = {};
  for (const [path, verb] of verbs) {
    const names = path.split(".");
    const last = names.pop() ?? path;
    const branch = names.reduce((at, name) => {
      at[name] ??= {};
      return at[name] as Record<string, unknown>;
    }, tree);
    branch[last] = verb;
  }
  return tree;
}
