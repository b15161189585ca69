/** `sync suppliers`: reads a company's suppliers, enqueues them as one batch and, when asked, follows it. */
import { defineCommand } from "citty";
import { enqueueSupplierBatch } from "../../handlers/supplier-batch.ts";
import { enqueueBatch } from "../../store/enqueue/enqueue-batch.ts";
import { withStore } from "../database.ts";
import { chooseSource, sourceFlag } from "../input/choose-source.ts";
import { readId } from "../input/read-id.ts";
import { settingFlags } from "../input/setting-flags.ts";
import { prepare } from "../prepare.ts";
import { tellBatch } from "../tell-batch.ts";

const suppliersCommand = defineCommand({
  meta: {
    name: "sync suppliers",
    description: "Send a company's suppliers to Fiscaut: enqueue one task for each",
    examples: [
      "fiscaut-tasks sync suppliers --company 1 --wait",
      "fiscaut-tasks sync suppliers --company 1 --source csv:records --queue night",
    ],
  },
  args: {
    company: {
      type: "string",
      required: true,
      description: "The company's code (codi_emp)",
      valueHint: "number",
    },
    ...sourceFlag,
    wait: { type: "boolean", description: "Follow the batch until it is complete" },
    json: { type: "boolean", description: "Print JSON" },
    ...settingFlags(),
  },
  async run(context) {
    const { args } = context;
    const companyCode = readId("--company", args.company);
    const prepared = prepare(context);
    const source = chooseSource(args.source, prepared);
    return await withStore(prepared, "sync", async (store) => {
      const enqueued = await enqueueSupplierBatch((batch, tasks) => enqueueBatch(store, batch, tasks), {
        source,
        companyCode,
        priority: 0,
        enqueuedBy: null,
        onSkip: (words) => prepared.logger.warn(`skipped: ${words}`),
      });
      const { wait = false, json = false } = args;
      return await tellBatch(store, enqueued, { what: "suppliers", wait, json });
    });
  },
});

export const syncCommand = defineCommand({
  meta: {
    name: "sync",
    description: "Send records from the accounting database to Fiscaut",
    examples: ["fiscaut-tasks sync suppliers --company 1"],
  },
  subCommands: { suppliers: suppliersCommand },
});
