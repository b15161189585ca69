/**
 * The worker's side of what an isolated handler calls: its context's verbs, carried out on the real one. The
 * handler's side is `remote-verbs.ts`.
 */
import type { HandlerContext } from "../context.ts";
import type { FromChild, ToChild } from "./messages.ts";
import { receiveError, sendError } from "./sent-error.ts";

type Verb = (...args: unknown[]) => unknown;
type Call = Extract<FromChild, { kind: "call" }>;
type Items = Extract<FromChild, { kind: "items" | "no-items" }>;

export interface AnsweredCalls {
  /** Paths of the context's functions, but for those that need no answer. */
  readonly verbs: string[];
  take(message: Call | Items): void;
  /** The handler's process has ended: what is still read from it, such as a batch's tasks, fails. */
  end(): void;
}

export function answerCalls(context: HandlerContext, send: (message: ToChild) => void): AnsweredCalls {
  const { task, signal, log, progress, ...answering } = context;
  const verbs = new Map(findVerbs(answering));
  /** By call: what waits for the next items of its streamed argument. */
  const waiting = new Map<number, PromiseWithResolvers<Items>>();
  let ended = false;

  async function* stream(n: number): AsyncGenerator<unknown> {
    for (;;) {
      if (ended) throw processEnded();
      const next = Promise.withResolvers<Items>();
      waiting.set(n, next);
      send({ kind: "more", n });
      const items = await next.promise;
      if (items.kind === "no-items") throw receiveError(items.error);
      yield* items.items;
      if (items.last) return;
    }
  }

  async function answer({ n, verb: path, args, streamed }: Call): Promise<void> {
    try {
      const verb = verbs.get(path);
      if (verb === undefined) throw new Error(`there is no ${path}`);
      const value = await verb(...args.map((arg, index) => (index === streamed ? stream(n) : arg)));
      send({ kind: "answer", n, value });
    } catch (error) {
      send({ kind: "refusal", n, error: sendError(error) });
    } finally {
      waiting.delete(n);
    }
  }

  return {
    verbs: [...verbs.keys()],
    take(message) {
      // What is still heard of a process that was killed must not be done in the name of an attempt that has ended.
      if (ended) return;
      if (message.kind === "call") answer(message);
      else {
        waiting.get(message.n)?.resolve(message);
        waiting.delete(message.n);
      }
    },
    end() {
      ended = true;
      for (const { reject } of waiting.values()) reject(processEnded());
      waiting.clear();
    },
  };
}

const processEnded = () => new Error("the handler's process has ended");

function findVerbs(owner: object, path = ""): [string, Verb][] {
  return Object.entries(owner).flatMap(([name, value]): [string, Verb][] => {
    if (typeof value === "function") return [[path + name, value.bind(owner)]];
    return typeof value === "object" && value !== null ? findVerbs(value, `${path}${name}.`) : [];
  });
}
