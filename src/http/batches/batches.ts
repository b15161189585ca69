/** The routes of batches: enqueue, list, show, cancel, retry, delete. What those do is the store's, a file a verb. */
import type { Context } from "hono";
import { z } from "zod";
import { findBatchDetail, listBatches } from "../../store/batch.ts";
import type { Store } from "../../store/connection.ts";
import { cancelBatch, deleteBatch, retryBatch } from "../../store/control/batch-control.ts";
import type { BulkOptions } from "../../store/control/bulk.ts";
import { defaultBatchesListed, maxBatchesListed } from "../../task/doors/batch.ts";
import type { BulkResult } from "../../task/doors/control-result.ts";
import { readJsonLines } from "../../task/doors/json-lines.ts";
import { describeIssues } from "../../task/doors/new-task.ts";
import { once } from "../../task/once.ts";
import { isNdjson } from "../guard.ts";
import { Problem } from "../problem.ts";
import { bulkLimitMs, idSchema, readId, readQuery, refuseQuery } from "../request.ts";
import type { Route } from "../route.ts";
import type { TaskRoutesOptions } from "../tasks/tasks.ts";
import { readObject, readUpload } from "./batch-body.ts";
import { batchDetailJson, batchJson } from "./batch-json.ts";
import { type AskedBatch, type EnqueueUpload, readBatchQuery } from "./batch-upload.ts";

const listQuery = once(() =>
  z.strictObject({
    limit: z
      .string()
      .regex(/^([1-9]\d?|100)$/, `expected a whole number from 1 to ${maxBatchesListed}`)
      .default(String(defaultBatchesListed))
      .transform(Number),
    before: idSchema().optional().describe("the cursor: only batches with a lower id"),
  }),
);
/** What is beside `tasks`. */
const membersSchema = once(() =>
  z.strictObject({ title: z.string().optional(), whenComplete: z.unknown().optional() }),
);

export function batchRoutes({ store }: TaskRoutesOptions, enqueueUpload: EnqueueUpload): Route[] {
  return [
    {
      method: "GET",
      path: "/batches",
      about: "batches, newest first, each with its totals; pages by limit and before",
      async handle(c) {
        const { limit, before: beforeId } = readQuery(c, listQuery);
        // One more than asked for tells whether there is a next page.
        const batches = await listBatches(store, { beforeId }, limit + 1);
        const page = batches.slice(0, limit);
        const next = batches.length > limit ? `/batches?limit=${limit}&before=${page.at(-1)?.id}` : null;
        return c.json({ batches: page.map(batchJson), next });
      },
    },
    {
      method: "POST",
      path: "/batches",
      about:
        "enqueue many tasks, all or none: {title, whenComplete, tasks: [...]}, or application/x-ndjson with title and whenComplete in the query; with the header Idempotency-Key a repeat adds none",
      handle(c) {
        if (isNdjson(c)) {
          const query = readBatchQuery(c);
          return enqueueUpload(c, readJsonLines(readUpload(c)), () => query);
        }
        refuseQuery(c);
        const members = new Map<string, unknown>();
        return enqueueUpload(c, readObject(readUpload(c), members), () => checkMembers(members));
      },
    },
    {
      method: "GET",
      path: "/batches/:id",
      about: "how far a batch has come, when it was complete, and some of its errors",
      async handle(c) {
        refuseQuery(c);
        const id = readId(c);
        return c.json(batchDetailJson(known(id, await findBatchDetail(store, id))));
      },
    },
    {
      method: "POST",
      path: "/batches/:id/cancel",
      about: "cancel a batch's pending tasks and have its running ones aborted",
      handle: (c) => act(c, store, cancelBatch),
    },
    {
      method: "POST",
      path: "/batches/:id/retry",
      about: "make a batch's failed tasks pending again",
      handle: (c) => act(c, store, retryBatch),
    },
    {
      method: "DELETE",
      path: "/batches/:id",
      about: "delete a batch and its tasks for good",
      handle: (c) => act(c, store, deleteBatch),
    },
  ];
}

/** What was left over when the time was up is told by `complete`. */
async function act(
  c: Context,
  store: Store,
  verb: (store: Store, id: number, options: BulkOptions) => Promise<BulkResult | undefined>,
): Promise<Response> {
  refuseQuery(c);
  const id = readId(c);
  return c.json({ id, ...known(id, await verb(store, id, { limitMs: bulkLimitMs })) });
}

function checkMembers(members: Map<string, unknown>): AskedBatch {
  const parsed = membersSchema().safeParse(Object.fromEntries(members));
  if (!parsed.success) throw new Problem(400, describeIssues(parsed.error));
  return parsed.data;
}

function known<Found>(id: number, found: Found | undefined): Found {
  if (found === undefined) throw new Problem(404, `there is no batch ${id}`);
  return found;
}
