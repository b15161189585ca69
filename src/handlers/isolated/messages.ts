/**
 * What the worker and the process of an isolated handler say to each other, over Bun's IPC with the serialisation
 * "advanced": dates and undefined stay what they are. `n` numbers the calls of the handler.
 */
import type { HandlerContext } from "../context.ts";
import type { SentError } from "./sent-error.ts";

export type ToChild =
  /** The first one. `verbs`: what the context can do, as paths such as `tasks.find`. */
  | { kind: "run"; file: string; payload: unknown; task: HandlerContext["task"]; verbs: string[] }
  | { kind: "abort"; reason: SentError }
  /** A streamed argument is wanted further; answered by "items" or "no-items". */
  | { kind: "more"; n: number }
  | { kind: "answer"; n: number; value: unknown }
  | { kind: "refusal"; n: number; error: SentError };

export type FromChild =
  | { kind: "log"; message: string; fields: Record<string, unknown> | undefined }
  | { kind: "progress"; fraction: number; message: string | undefined }
  /** `streamed`: which of the arguments is asked for by "more", if one is. */
  | { kind: "call"; n: number; verb: string; args: unknown[]; streamed: number | undefined }
  | { kind: "items"; n: number; items: unknown[]; last: boolean }
  /** Reading the streamed argument has thrown. */
  | { kind: "no-items"; n: number; error: SentError }
  /** The last message is one of these two. `json`: the result. */
  | { kind: "succeeded"; json: string }
  | { kind: "threw"; error: SentError };
