/** `enqueue --stdin-ndjson`: the tasks on standard input as one batch. What a line may ask for is `task/doors/new-task.ts`'s affair. */
import { fstatSync } from "node:fs";
import { checkCompletion, checkTasks } from "../../handlers/check-tasks.ts";
import { enqueueChunks } from "../../store/enqueue/enqueue-batch.ts";
import { TaskSpool } from "../../store/enqueue/task-spool.ts";
import { TaskStream } from "../../store/enqueue/task-stream.ts";
import { checkBatchKey, checkBatchTitle, defaultTitle } from "../../task/doors/batch.ts";
import { readJsonLines } from "../../task/doors/json-lines.ts";
import type { CheckedTask } from "../../task/doors/new-task.ts";
import { turnPriority } from "../../task/doors/priority-order.ts";
import { OperatorError } from "../../task/errors.ts";
import { withStore } from "../database.ts";
import type { ExitCode } from "../exit-codes.ts";
import { tellBatch } from "../output/tell-batch.ts";
import { checkPayloadsBy } from "../own-handlers.ts";
import { prepare } from "../prepare.ts";
import { readPayload } from "./read-task.ts";

/** Flags that mean something with lines only. */
export const linesFlags = {
  "stdin-ndjson": {
    type: "boolean",
    description: "Enqueue the tasks on standard input, one a line as POST /tasks takes it, as one batch",
  },
  "batch-key": {
    type: "string",
    description: "With --stdin-ndjson: when a batch has this key already, add none",
    valueHint: "text",
  },
  "when-complete": {
    type: "string",
    description:
      "With --stdin-ndjson: the name of a task to run, once, when none of the batch is live any more",
    valueHint: "name",
  },
  "when-complete-payload": {
    type: "string",
    description: "Its payload: JSON, or @FILE that holds it",
    valueHint: "json",
  },
  wait: { type: "boolean", description: "With --stdin-ndjson: follow the batch until it is complete" },
} as const;

const standardInput = 0;

interface LinesContext {
  args: Record<string, unknown> & { wait?: boolean | undefined; json?: boolean | undefined };
  rawArgs: string[];
}

/**
 * All or nothing: one transaction, and of what is no file every line is read and checked before it begins.
 * @param defaults what the flags say of a task; a line's own members go first.
 * @throws OperatorError "usage", naming the line.
 */
export async function enqueueLines(
  context: LinesContext,
  { title, key, payload, ...defaults }: Record<string, unknown>,
): Promise<ExitCode> {
  if (payload !== undefined)
    throw new OperatorError("usage", "--stdin-ndjson takes no payload: each line has its own", {
      hint: `echo '{"payload": {}}' | fiscaut-tasks enqueue NAME --stdin-ndjson`,
    });
  if (key !== undefined)
    throw new OperatorError("usage", "--key would be that of all lines", {
      hint: "a key in each line, --key-of-payload, or --batch-key for the batch",
    });
  const batchKey = context.args["batch-key"];
  const checkedKey = batchKey === undefined ? undefined : checkBatchKey(batchKey);
  const checkedTitle = title === undefined ? undefined : checkBatchTitle(title);
  const completion = await readCompletion(context.args);
  const prepared = prepare(context);
  const options = {
    checkPayloads: checkPayloadsBy(prepared),
    turn: <Task extends CheckedTask>(task: Task) => turnPriority(prepared.config.priorityOrder, task),
  };
  const whenComplete = await checkCompletion(completion, options);
  const checked = checkTasks(readJsonLines(Bun.stdin.stream()), { ...options, defaults });
  // What comes by a pipe may come slowly, and would hold the transaction open meanwhile.
  await using tasks = await (isFile(standardInput) ? TaskStream.open(checked) : TaskSpool.fill(checked));
  const batch = {
    title: checkedTitle ?? defaultTitle(tasks.firstName),
    skipped: {},
    enqueuedBy: null,
    key: checkedKey,
    whenComplete,
  };
  return await withStore(prepared, "enqueue", async (store) => {
    const enqueued = await enqueueChunks(store, batch, tasks.chunks());
    const { wait = false, json = false } = context.args;
    return await tellBatch(store, enqueued, { what: "tasks", wait, json });
  });
}

function isFile(fd: number): boolean {
  try {
    return fstatSync(fd).isFile();
  } catch {
    // It may be closed: whoever reads it tells what is wrong with that.
    return false;
  }
}

async function readCompletion(args: Record<string, unknown>): Promise<unknown> {
  const name = args["when-complete"];
  const payload = args["when-complete-payload"];
  if (name === undefined && payload !== undefined)
    throw new OperatorError("usage", "--when-complete-payload needs --when-complete", {
      hint: `--when-complete NAME --when-complete-payload '{"key": "value"}'`,
    });
  if (payload === "-")
    throw new OperatorError("usage", "--when-complete-payload can't be -: standard input has the tasks");
  if (name === undefined) return undefined;
  return { name, payload: await readPayload(payload === undefined ? undefined : String(payload)) };
}
