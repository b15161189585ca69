/**
 * The handlers of `run`: starts the thread that has them, with the operator's own, and with `--dev` has their files read
 * again when they change.
 */
import { ThreadRunner } from "../../engine/handlers/thread-runner.ts";
import { checkBuiltInPayloads } from "../../handlers/built-in.ts";
import type { PayloadCheck } from "../../handlers/payload.ts";
import { OperatorError } from "../../task/errors.ts";
import type { EmitEvent } from "../../task/events.ts";
import type { Database } from "../database.ts";
import type { Prepared } from "../prepare.ts";
import { retentionOf } from "../retention.ts";
import { handlerConfigOf } from "./run-handlers.ts";
import { type LoadingThread, spawnHandlers } from "./spawn-handlers.ts";
import { watchFolder } from "./watch-folder.ts";

export interface StartedHandlers {
  readonly runner: ThreadRunner;
  /** For doors in this thread. */
  readonly checkPayloads: PayloadCheck;
  /** Nothing may run any more. */
  stop(): Promise<void>;
}

export interface StartHandlersOptions {
  prepared: Prepared;
  database: Database;
  /** The first one. */
  thread: LoadingThread;
  /** The operator's own, see `own-handlers.ts`. */
  handlersDir: string | undefined;
  /** Read changed files again. */
  dev: boolean;
  emit: EmitEvent;
  /** Other handlers are there than before. */
  onLoaded: () => void;
}

/** @throws OperatorError "usage" when there is nothing to watch for changes. */
export function startHandlers(options: StartHandlersOptions): StartedHandlers {
  const { prepared, database, handlersDir, dev, emit, onLoaded } = options;
  const { config, logger } = prepared;
  if (dev && handlersDir === undefined)
    throw new OperatorError("usage", "--dev: there is no folder of your own handlers to watch", {
      hint: "--handlers DIR",
    });
  let first: LoadingThread | undefined = options.thread;
  const runner = new ThreadRunner({
    spawn(skip) {
      const setup = {
        databaseUrl: database.url,
        pooled: database.store.pooled,
        config: handlerConfigOf(config),
        retention: retentionOf(config),
        handlersDir,
        skip,
      };
      const thread = spawnHandlers(setup, first);
      first = undefined;
      return thread;
    },
    emit,
    onLoaded,
  });
  const watch =
    dev && handlersDir !== undefined
      ? watchFolder(handlersDir, (changed) => {
          logger.info("handlers changed: reading them again", { files: changed.join(",") });
          runner.reload();
        })
      : undefined;
  return {
    runner,
    async checkPayloads(tasks) {
      await checkBuiltInPayloads(tasks);
      await runner.checkPayloads(tasks);
    },
    async stop() {
      watch?.stop();
      await runner.stop();
    },
  };
}
