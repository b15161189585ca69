/** `batch show ID [--wait]`: how far a batch has come and what went wrong, or following it to its end. */
import { defineCommand } from "citty";
import { batchDetailJson } from "../../../http/batches/batch-json.ts";
import { findBatchDetail } from "../../../store/batch.ts";
import type { BatchDetail } from "../../../task/doors/batch.ts";
import { withStore } from "../../database.ts";
import { exitCodes } from "../../exit-codes.ts";
import { readId } from "../../input/read-id.ts";
import { settingFlags } from "../../input/setting-flags.ts";
import { describePace, exitCodeOf, followBatch, unknownBatch } from "../../output/follow-batch.ts";
import { type Field, formatInstant, printFields, printJson, shorten } from "../../output/print.ts";
import { describeSkipped } from "../../output/tell-batch.ts";
import { prepare } from "../../prepare.ts";

export const batchShowCommand = defineCommand({
  meta: {
    name: "batch show",
    description: "Show how far a batch has come, and some of its errors",
    examples: ["fiscaut-tasks batch show 4", "fiscaut-tasks batch show 4 --wait"],
  },
  args: {
    id: { type: "positional", required: true, description: "The batch's id" },
    wait: { type: "boolean", description: "Follow it until it is complete; 1 when not all has succeeded" },
    json: { type: "boolean", description: "Print JSON" },
    ...settingFlags(),
  },
  async run(context) {
    const { args } = context;
    const id = readId("ID", args.id);
    const prepared = prepare(context);
    const batch = await withStore(prepared, "batch", async (store) => {
      if (args.wait) await followBatch(store, id);
      return await findBatchDetail(store, id);
    });
    if (batch === undefined) throw unknownBatch(id);
    if (args.json) printJson(batchDetailJson(batch));
    else printFields(fieldsOf(batch));
    return args.wait ? exitCodeOf(batch) : exitCodes.ok;
  },
});

function fieldsOf(batch: BatchDetail): Field[] {
  return [
    ["batch", batch.id],
    ["title", batch.title],
    ["key", batch.key],
    ["task", batch.enqueuedBy],
    ["created", formatInstant(batch.createdAt)],
    ["complete", batch.complete ? formatInstant(batch.completedAt) : "no"],
    ["progress", `${Math.floor(batch.progress * 100)} %`],
    ["pace", batch.complete ? null : describePace(batch) || null],
    ["total", batch.total],
    ...Object.entries(batch.states),
    ["retrying", batch.retrying],
    ["skipped", describeSkipped(batch.skipped) ?? null],
    ...batch.errors.map(
      ({ taskId, title, state, at, message }): Field => [
        `task ${taskId}`,
        `${state}  ${formatInstant(new Date(at))}  ${title === null ? "" : `${title}: `}${shorten(message, 100)}`,
      ],
    ),
  ];
}
