/**
 * The process that reads over ODBC, from without: started, asked, and ended whatever its driver does. What it answers
 * comes from `serve-reader.ts`; what a fault means is left to `explain-fault.ts`.
 */
import { OperatorError } from "../../task/errors.ts";
import type { DominioQuery } from "../dominio.ts";
import { hideSecrets } from "./connection-string.ts";
import { describeEnd } from "./explain-fault.ts";
import type { FromReader, ToReader } from "./messages.ts";
import { OdbcFault } from "./odbc-fault.ts";
import type { Row } from "./statement.ts";

/** How the composition root has the process started: its command, and what it inherits of the environment. */
export interface ReaderCommand {
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export interface ReaderOptions {
  readonly connectionString: string;
  readonly command: ReaderCommand;
  readonly loginTimeoutMs: number;
  readonly queryTimeoutMs: number;
  /** Its abort ends the process at once, and the reading with the signal's reason. */
  readonly signal: AbortSignal | undefined;
}

export interface Reader {
  readonly driver: string;
  readonly dbms: string;
  /**
   * One at a time; one that is left early is no hindrance to the next.
   * @throws as `startReader`, also after rows have been given.
   */
  query(query: DominioQuery): AsyncGenerator<Row>;
  /** Returns when the process has ended, within two seconds. */
  end(): Promise<void>;
}

/** A driver keeps its own time-outs, or does not: this much later it is not waited for any longer. */
const graceMs = 5_000;
/** For a driver that says goodbye to its server. */
const endWithinMs = 2_000;

/**
 * Starts the process and connects.
 * @throws OdbcFault of the driver's, without secrets, or OperatorError; the process has ended then.
 */
export async function startReader(options: ReaderOptions): Promise<Reader> {
  const { connectionString, loginTimeoutMs, queryTimeoutMs, signal } = options;
  signal?.throwIfAborted();
  const hide = hideSecrets(connectionString);
  let answered: PromiseWithResolvers<FromReader> | undefined;
  /** What is asked by now, and may be waited for by nobody. */
  let underWay: Promise<unknown> = Promise.resolve();
  let isConnected = true;
  const child = Bun.spawn([...options.command.words], {
    argv0: process.execPath,
    env: options.command.environment,
    stdio: ["ignore", "ignore", "ignore"],
    windowsHide: true,
    serialization: "advanced",
    ipc: (message: FromReader) => answered?.resolve(message),
    onDisconnect: () => {
      isConnected = false;
    },
    onExit: (_, exitCode, signalCode) => answered?.reject(describeEnd(exitCode, signalCode)),
  });

  /** One question at a time: an answer does not say whose it is. */
  function ask(question: ToReader, withinMs: number): Promise<FromReader> {
    const answer = underWay.then(() => askNow(question, withinMs));
    underWay = answer.catch(() => {});
    return answer;
  }

  async function askNow(question: ToReader, withinMs: number): Promise<FromReader> {
    signal?.throwIfAborted();
    if (!isConnected || child.exitCode !== null || child.signalCode !== null)
      throw describeEnd(child.exitCode, child.signalCode);
    answered = Promise.withResolvers<FromReader>();
    const { promise, reject } = answered;
    const stop = (reason: unknown) => {
      child.kill("SIGKILL");
      reject(reason);
    };
    const onAbort = () => stop(signal?.reason);
    const timer = setTimeout(() => stop(tooSlow(question, withinMs)), withinMs);
    signal?.addEventListener("abort", onAbort);
    try {
      child.send(question);
      const answer = await promise;
      if (answer.kind === "rows" || answer.kind === "opened") return answer;
      const { diagnostic } = answer;
      throw new OdbcFault({ ...diagnostic, message: hide(diagnostic.message) });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  async function* query({ text, parameters }: DominioQuery): AsyncGenerator<Row> {
    let asked = ask({ kind: "query", text, parameters }, queryTimeoutMs + graceMs);
    for (;;) {
      const answer = await asked;
      if (answer.kind !== "rows") throw new Error(`rows were asked for, and "${answer.kind}" came`);
      if (!answer.isLast) {
        // Read while these are used. Nobody may come back for it: the next query then waits for it.
        asked = ask({ kind: "next" }, queryTimeoutMs + graceMs);
        asked.catch(() => {});
      }
      yield* answer.rows;
      if (answer.isLast) return;
    }
  }

  async function end(): Promise<void> {
    if (isConnected) child.disconnect();
    const timer = setTimeout(() => child.kill("SIGKILL"), endWithinMs);
    await child.exited;
    clearTimeout(timer);
  }

  try {
    const open = { kind: "open", connectionString, loginTimeoutMs, queryTimeoutMs } as const;
    const answer = await ask(open, loginTimeoutMs + graceMs);
    if (answer.kind !== "opened") throw new Error(`"opened" was expected, and "${answer.kind}" came`);
    return { driver: hide(answer.driver), dbms: hide(answer.dbms), query, end };
  } catch (error) {
    await end();
    throw error;
  }
}

function tooSlow({ kind }: ToReader, withinMs: number): OperatorError {
  const what = kind === "open" ? "the log-in" : "the query";
  return new OperatorError("unavailable", `ODBC: ${what} was not answered within ${withinMs / 1000} s`, {
    hint: "see whether the accounting database's server is up and answers other programs, then try again",
  });
}
