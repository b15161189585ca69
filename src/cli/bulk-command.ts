/** What `retry`, `cancel` and `delete` share: tasks by their ids or by a filter, and never all of them by a slip. */
import { defineCommand } from "citty";
import type { Store } from "../store/connection.ts";
import type { BulkResult, ControlResult } from "../task/doors/control-result.ts";
import type { BulkFilter } from "../task/doors/filter.ts";
import { OperatorError } from "../task/errors.ts";
import type { TaskState } from "../task/task.ts";
import { parseDurationMs } from "../task/time/duration.ts";
import { withStore } from "./database.ts";
import { many } from "./input/arguments.ts";
import { readId } from "./input/read-id.ts";
import { readState } from "./input/read-task.ts";
import { settingFlags } from "./input/setting-flags.ts";
import { describeBulk, describeDone, describeRefusal } from "./output/control-words.ts";
import { printJson, printLine } from "./output/print.ts";
import { prepare } from "./prepare.ts";

interface BulkVerb {
  verb: string;
  past: string;
  description: string;
  examples: string[];
  /** That it may be asked for. */
  states: readonly TaskState[];
  /** It takes finished tasks, so their age may be asked for. */
  finished: boolean;
  one: (store: Store, id: number) => Promise<ControlResult>;
  many: (store: Store, filter: BulkFilter) => Promise<BulkResult>;
  count: (store: Store, filter: BulkFilter) => Promise<BulkResult>;
}

export function bulkCommand(bulk: BulkVerb) {
  return defineCommand({
    meta: { name: bulk.verb, description: bulk.description, examples: bulk.examples },
    args: {
      [`id${many}`]: { type: "positional", required: false, description: "The tasks' ids" },
      state: {
        type: "string",
        description: `Only this state: ${bulk.states.join(", ")}`,
        valueHint: "state",
        values: bulk.states,
      },
      name: { type: "string", description: "Only this handler's", valueHint: "name" },
      queue: { type: "string", description: "Only this queue's", valueHint: "name" },
      batch: { type: "string", description: "Only this batch's", valueHint: "id" },
      ...(bulk.finished && {
        "older-than": {
          type: "string",
          description: "Only those that finished longer ago, such as 30d",
          valueHint: "duration",
        },
      }),
      all: { type: "boolean", description: "With no filter: really all" },
      "dry-run": { type: "boolean", description: "Only tell how many" },
      json: { type: "boolean", description: "Print JSON" },
      ...settingFlags(),
    },
    async run(context) {
      const args: Record<string, unknown> = context.args;
      const ids = context.args._.map((word) => readId("ID", word));
      const filter = readFilter(bulk, args);
      const filtered = Object.values(filter).some((value) => value !== undefined);
      checkTarget(bulk.verb, ids.length > 0, filtered, args);
      const prepared = prepare(context);
      await withStore(prepared, bulk.verb, async (store) => {
        if (ids.length > 0) return await controlEach(bulk, store, ids, args["json"] === true);
        const dryRun = args["dry-run"] === true;
        const result = await (dryRun ? bulk.count : bulk.many)(store, filter);
        if (args["json"]) printJson({ dryRun, total: result.total, states: result.states });
        else printLine(describeBulk(dryRun ? `would be ${bulk.past}` : bulk.past, result));
      });
    },
  });
}

function readFilter({ states }: BulkVerb, args: Record<string, unknown>): BulkFilter {
  const text = (flag: string) => (args[flag] === undefined ? undefined : String(args[flag]));
  const batch = text("batch");
  const olderThan = text("older-than");
  return {
    state: readState(text("state"), states),
    name: text("name"),
    queue: text("queue"),
    batchId: batch === undefined ? undefined : readId("--batch", batch),
    olderThanMs: olderThan === undefined ? undefined : parseDurationMs(olderThan),
  };
}

function checkTarget(verb: string, byId: boolean, filtered: boolean, args: Record<string, unknown>): void {
  if (byId && (filtered || args["all"] || args["dry-run"]))
    throw new OperatorError("usage", "ids and a filter, --all or --dry-run exclude each other");
  if (filtered && args["all"]) throw new OperatorError("usage", "--all and a filter exclude each other");
  if (byId || filtered || args["all"]) return;
  throw new OperatorError("usage", `${verb} takes ids or a filter, and all tasks only with --all`, {
    hint: `fiscaut-tasks ${verb} --all --dry-run`,
  });
}

/** @throws OperatorError "failed" after the last, naming those where nothing was changed. */
async function controlEach(
  { verb, one }: BulkVerb,
  store: Store,
  ids: number[],
  json: boolean,
): Promise<void> {
  const refusals: OperatorError[] = [];
  const results: { id: number; result: string; state: string | null }[] = [];
  for (const id of ids) {
    const result = await one(store, id);
    results.push({ id, result: result.kind, state: "state" in result ? result.state : null });
    const refusal = describeRefusal(verb, id, result);
    if (refusal !== undefined) refusals.push(refusal);
    else if (!json) printLine(describeDone(id, result));
  }
  if (json) printJson(results);
  const [first] = refusals;
  if (first === undefined) return;
  throw new OperatorError(
    "failed",
    refusals.map((refusal) => refusal.message).join("; "),
    first.hint === undefined ? {} : { hint: first.hint },
  );
}
