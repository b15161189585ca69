/**
 * `sync suppliers` and so on, and `sync all`: reads companies' records, enqueues what has to be sent and, when asked,
 * follows it. Reading and comparing are `handlers/fiscaut/`'s and `store/sync/`'s work.
 */
import { type ArgsDef, type CommandContext, defineCommand } from "citty";
import { describeOutcome } from "../../../handlers/fiscaut/describe-outcome.ts";
import { type CompanyOutcome, syncCompanies } from "../../../handlers/fiscaut/sync-companies.ts";
import { batchJson } from "../../../http/batches/batch-json.ts";
import type { Store } from "../../../store/connection.ts";
import type { Batch } from "../../../task/doors/batch.ts";
import { turnPriority } from "../../../task/doors/priority-order.ts";
import { OperatorError } from "../../../task/errors.ts";
import { highestPriority } from "../../../task/sync/reading.ts";
import { kindPlurals, type RecordKind, recordKinds } from "../../../task/sync/record.ts";
import { withStore } from "../../database.ts";
import { type ExitCode, exitCodes } from "../../exit-codes.ts";
import { chooseSource, sourceFlag, throwSourceFault } from "../../input/choose-source.ts";
import { readId } from "../../input/read-id.ts";
import { readInteger } from "../../input/read-task.ts";
import { settingFlags } from "../../input/setting-flags.ts";
import { exitCodeOf, followBatch } from "../../output/follow-batch.ts";
import { printJson, printLine } from "../../output/print.ts";
import { openProgress } from "../../output/progress.ts";
import { prepare } from "../../prepare.ts";
import { bindSyncStore } from "../../sync-store.ts";
import { syncStatusCommand } from "./sync-status.ts";

const flags = {
  company: { type: "string", description: "The company's code (codi_emp)", valueHint: "number" },
  "all-enabled": { type: "boolean", description: "Instead of one company: all that are enabled" },
  ...sourceFlag,
  force: { type: "boolean", description: "Send what Fiscaut has taken already, too" },
  "send-invalid": { type: "boolean", description: "Send a CNPJ or CPF whose check digits are wrong, too" },
  priority: { type: "string", description: "Higher runs first (default: 0)", valueHint: "number" },
  wait: { type: "boolean", description: "Follow what was enqueued until all of it has ended" },
  json: { type: "boolean", description: "Print JSON" },
  ...settingFlags(),
} as const satisfies ArgsDef;

function createCommand(what: RecordKind | "all") {
  const plural = what === "all" ? what : kindPlurals[what];
  const records =
    what === "all" ? recordKinds.map((kind) => kindPlurals[kind]).join(", ") : kindPlurals[what];
  return defineCommand({
    meta: {
      name: `sync ${plural}`,
      description: `Send companies' ${records} to Fiscaut: enqueue one task for each that is new or changed`,
      examples: [
        `fiscaut-tasks sync ${plural} --company 1 --wait`,
        `fiscaut-tasks sync ${plural} --all-enabled --source csv:records`,
      ],
    },
    args: flags,
    run: (context) => sync(context, what === "all" ? recordKinds : [what]),
  });
}

type SyncContext = CommandContext<typeof flags>;

async function sync(context: SyncContext, kinds: readonly RecordKind[]): Promise<ExitCode> {
  const { company, force = false, wait = false, json = false, ...args } = context.args;
  const companies = readCompanies(company, args["all-enabled"] === true);
  const asked = { priority: readInteger("priority", args.priority) ?? 0 };
  const prepared = prepare(context);
  const { priority } = turnPriority(prepared.config.priorityOrder, asked);
  if (Math.abs(priority) > highestPriority)
    throw new OperatorError("usage", `--priority is between ${-highestPriority} and ${highestPriority}`);
  const source = chooseSource(args.source, prepared);
  const sendInvalid = args["send-invalid"] === true;
  return await withStore(prepared, "sync", async (store) => {
    const outcomes: CompanyOutcome[] = [];
    const progress = openProgress();
    const request = { source, companies, kinds, force, sendInvalid, priority, enqueuedBy: null };
    const { total, faults } = await syncCompanies(bindSyncStore(store), request, {
      onProgress: (_, words) => progress.show(words),
      onCompany(outcome) {
        outcomes.push(outcome);
        progress.clear();
        if ("fault" in outcome) prepared.logger.error(describeOutcome(outcome));
        else if (!json) printLine(describeOutcome(outcome));
      },
    })
      .catch(throwSourceFault)
      .finally(() => progress.clear());
    // Workers are to start while this command follows.
    await store.announcer.flush();
    const followed = wait ? await followAll(store, outcomes) : [];
    if (json) printJson({ companies: outcomes.map((outcome) => outcomeJson(outcome, followed)) });
    const [first] = faults;
    if (first !== undefined && total === 1) throwSourceFault(first.fault);
    if (faults.length > 0)
      throw new OperatorError("failed", `${faults.length} of ${total} companies could not be synced`, {
        hint: "correct what is told above, and run it again: what is under way or sent is not sent again",
      });
    return followed.some((batch) => exitCodeOf(batch) !== exitCodes.ok) ? exitCodes.failed : exitCodes.ok;
  });
}

function readCompanies(company: string | undefined, allEnabled: boolean): number | "all-enabled" {
  if ((company !== undefined) === allEnabled)
    throw new OperatorError("usage", "give either --company or --all-enabled", { hint: "--company 1" });
  return company === undefined ? "all-enabled" : readId("--company", company);
}

async function followAll(store: Store, outcomes: CompanyOutcome[]): Promise<Batch[]> {
  const batches: Batch[] = [];
  for (const outcome of outcomes)
    if (!("fault" in outcome) && outcome.batch !== undefined)
      batches.push(await followBatch(store, outcome.batch.id));
  return batches;
}

/** @param followed the batches that have ended meanwhile. */
function outcomeJson(outcome: CompanyOutcome, followed: Batch[]) {
  if ("fault" in outcome) {
    const { message, hint } = outcome.fault;
    return { company: outcome.companyCode, error: hint === undefined ? { message } : { message, hint } };
  }
  const { company, batch, kinds, overtaken } = outcome;
  const ended = followed.find(({ id }) => id === batch?.id);
  return {
    company: company.code,
    document: company.document,
    name: company.name,
    batch: ended === undefined ? (batch ?? null) : batchJson(ended),
    kinds,
    overtaken,
  };
}

export const syncCommand = defineCommand({
  meta: {
    name: "sync",
    description: "Send records from the accounting database to Fiscaut",
    examples: ["fiscaut-tasks sync all --company 1"],
  },
  subCommands: {
    ...Object.fromEntries(recordKinds.map((kind) => [kindPlurals[kind], createCommand(kind)])),
    all: createCommand("all"),
    status: syncStatusCommand,
  },
});
