/** `batch list|show|cancel|retry|delete`: what an operator sees of a batch and does to all of its tasks at once. */
import { defineCommand } from "citty";
import { batchJson } from "../../../http/batches/batch-json.ts";
import { listBatches } from "../../../store/batch.ts";
import type { Store } from "../../../store/connection.ts";
import { cancelBatch, deleteBatch, retryBatch } from "../../../store/control/batch-control.ts";
import { type Batch, defaultBatchesListed, maxBatchesListed } from "../../../task/doors/batch.ts";
import type { BulkResult } from "../../../task/doors/control-result.ts";
import { OperatorError } from "../../../task/errors.ts";
import { withStore } from "../../database.ts";
import { readId } from "../../input/read-id.ts";
import { settingFlags } from "../../input/setting-flags.ts";
import { describeBulk } from "../../output/control-words.ts";
import { unknownBatch } from "../../output/follow-batch.ts";
import { formatInstant, printJson, printLine, printTable, shorten } from "../../output/print.ts";
import { prepare } from "../../prepare.ts";
import { batchShowCommand } from "./batch-show.ts";

const json = { type: "boolean", description: "Print JSON" } as const;

const listCommand = defineCommand({
  meta: {
    name: "batch list",
    description: "List batches and how far they have come, the newest first",
    examples: ["fiscaut-tasks batch list", "fiscaut-tasks batch list --limit 5 --json"],
  },
  args: {
    before: { type: "string", description: "Only ids below this one: the next page", valueHint: "id" },
    limit: {
      type: "string",
      description: `How many at most, 1 to ${maxBatchesListed} (default: ${defaultBatchesListed})`,
      valueHint: "number",
    },
    json,
    ...settingFlags(),
  },
  async run(context) {
    const { args } = context;
    const beforeId = args.before === undefined ? undefined : readId("--before", args.before);
    const limit = args.limit === undefined ? defaultBatchesListed : readId("--limit", args.limit);
    if (limit > maxBatchesListed)
      throw new OperatorError("usage", `--limit: at most ${maxBatchesListed}`, {
        hint: "page with --before",
      });
    const prepared = prepare(context);
    const batches = await withStore(prepared, "batch", (store) => listBatches(store, { beforeId }, limit));
    if (args.json) printJson(batches.map(batchJson));
    else if (batches.length === 0) printLine("no such batch");
    else printTable(batches.map(toRow));
  },
});

const toRow = ({ id, title, createdAt, total, states, progress }: Batch) => ({
  id,
  done: `${Math.floor(progress * 100)} %`,
  total,
  ...states,
  created: formatInstant(createdAt),
  title: shorten(title),
});

interface BatchVerb {
  verb: string;
  past: string;
  description: string;
  act: (store: Store, id: number) => Promise<BulkResult | undefined>;
}

const verbs: BatchVerb[] = [
  {
    verb: "cancel",
    past: "cancelled",
    description: "Cancel a batch's pending tasks and have its running ones aborted",
    act: cancelBatch,
  },
  {
    verb: "retry",
    past: "retried",
    description: "Run a batch's failed tasks again",
    act: retryBatch,
  },
  {
    verb: "delete",
    past: "deleted",
    description: "Delete a batch and its tasks for good; none may be running",
    act: deleteBatch,
  },
];

const verbCommand = ({ verb, past, description, act }: BatchVerb) =>
  defineCommand({
    meta: { name: `batch ${verb}`, description, examples: [`fiscaut-tasks batch ${verb} 4`] },
    args: {
      id: { type: "positional", required: true, description: "The batch's id" },
      json,
      ...settingFlags(),
    },
    async run(context) {
      const id = readId("ID", context.args.id);
      const prepared = prepare(context);
      const result = await withStore(prepared, "batch", (store) => act(store, id));
      if (result === undefined) throw unknownBatch(id);
      if (context.args.json) printJson({ id, ...result });
      else printLine(`batch ${id}: ${describeBulk(past, result)}`);
      if (!result.complete)
        throw new OperatorError("failed", `batch ${id} still has tasks, which were claimed meanwhile`, {
          hint: `fiscaut-tasks batch cancel ${id}, then batch ${verb} again`,
        });
    },
  });

export const batchCommand = defineCommand({
  meta: {
    name: "batch",
    description: "List, show, cancel, retry and delete batches",
    examples: [
      "fiscaut-tasks batch list",
      "fiscaut-tasks batch show 4 --wait",
      "fiscaut-tasks batch retry 4",
    ],
  },
  subCommands: {
    list: listCommand,
    show: batchShowCommand,
    ...Object.fromEntries(verbs.map((verb) => [verb.verb, verbCommand(verb)])),
  },
});
