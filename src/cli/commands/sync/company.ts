/** `company list|enable|disable`: which companies of the source are synced. Nothing is sent by any of them. */
import { defineCommand } from "citty";
import { readCompanies } from "../../../handlers/source-companies.ts";
import { companyLineJson } from "../../../http/sync/companies.ts";
import type { Store } from "../../../store/connection.ts";
import { disableCompanies, enableCompanies, listEnabledCompanies } from "../../../store/sync/companies.ts";
import { listCompanyLines } from "../../../store/sync/company-lines.ts";
import { type CompanyLine, chooseCompanies, type SourceCompany } from "../../../task/doors/company.ts";
import { OperatorError } from "../../../task/errors.ts";
import { withStore } from "../../database.ts";
import { many } from "../../input/arguments.ts";
import { chooseSource, sourceFlag, throwSourceFault } from "../../input/choose-source.ts";
import { readId } from "../../input/read-id.ts";
import { settingFlags } from "../../input/setting-flags.ts";
import { printJson, printLine, printTable, shorten } from "../../output/print.ts";
import { type Prepared, prepare } from "../../prepare.ts";

const json = { type: "boolean", description: "Print JSON" } as const;
const codes = {
  type: "positional",
  required: false,
  description: "The companies' codes (codi_emp)",
} as const;

const listCommand = defineCommand({
  meta: {
    name: "company list",
    description: "List companies, whether they are enabled, and what has become of their records",
    examples: ["fiscaut-tasks company list", "fiscaut-tasks company list --enabled --json"],
  },
  args: {
    ...sourceFlag,
    enabled: { type: "boolean", description: "Only those that are enabled" },
    json,
    ...settingFlags(),
  },
  async run(context) {
    const { args } = context;
    const prepared = prepare(context);
    const ofSource = await askSource(args.source, prepared);
    const lines = await withStore(prepared, "company", (store) => listCompanyLines(store, ofSource));
    const shown = lines.filter(({ enabled }) => enabled || args.enabled !== true);
    if (args.json) printJson(shown.map(companyLineJson));
    else if (shown.length > 0) printTable(shown.map(toRow));
    else
      printLine(ofSource === undefined ? "no company yet: --source lists the source's" : "no such company");
  },
});

const enableCommand = defineCommand({
  meta: {
    name: "company enable",
    description: "Have companies synced from now on; nothing is sent yet",
    examples: ["fiscaut-tasks company enable 1 7", "fiscaut-tasks company enable --all"],
  },
  args: {
    [`code${many}`]: codes,
    all: { type: "boolean", description: "All companies of the source" },
    ...sourceFlag,
    json,
    ...settingFlags(),
  },
  async run(context) {
    const args: Record<string, unknown> = context.args;
    const asked = readCodes("enable", context.args._, args["all"] === true);
    const prepared = prepare(context);
    const source = args["source"] === undefined ? undefined : String(args["source"]);
    if (asked === "all" && source === undefined && prepared.config.fiscautSource === undefined)
      throw new OperatorError("usage", "--all means the companies of the source, and there is none", {
        hint: "--source csv:DIR, or set FISCAUT_SOURCE",
      });
    const ofSource = await readSource(source, prepared);
    const wanted = asked === "all" ? (ofSource ?? []).map(({ code }) => code) : asked;
    const { chosen, refused } = chooseCompanies(wanted, ofSource);
    // Of companies that were named, none is enabled unless all can be; of all, those that can.
    const taken = asked === "all" || refused.length === 0 ? chosen : [];
    const changed = await withStore(prepared, "company", (store) => enableCompanies(store, taken));
    tell(
      args["json"] === true,
      "enabled",
      changed,
      taken.map(({ code }) => code),
      refused,
    );
    if (refused.length > 0)
      throw new OperatorError("failed", refused.map(({ words }) => words).join("; "), {
        hint: refused.some(({ reason }) => reason === "bad_document")
          ? "correct cgce_emp in the accounting database"
          : "fiscaut-tasks source companies",
      });
  },
});

const disableCommand = defineCommand({
  meta: {
    name: "company disable",
    description: "Have companies synced no more; of their records nothing more is sent from now on",
    examples: ["fiscaut-tasks company disable 7"],
  },
  args: {
    [`code${many}`]: codes,
    all: { type: "boolean", description: "All that are enabled" },
    json,
    ...settingFlags(),
  },
  async run(context) {
    const args: Record<string, unknown> = context.args;
    const asked = readCodes("disable", context.args._, args["all"] === true);
    await withStore(prepare(context), "company", async (store: Store) => {
      const wanted = asked === "all" ? await listEnabledCompanies(store) : asked;
      tell(args["json"] === true, "disabled", await disableCompanies(store, wanted), wanted, []);
    });
  },
});

export const companyCommand = defineCommand({
  meta: {
    name: "company",
    description: "List companies, and say which are synced",
    examples: ["fiscaut-tasks company list", "fiscaut-tasks company enable 1"],
  },
  subCommands: { list: listCommand, enable: enableCommand, disable: disableCommand },
});

function readCodes(verb: string, words: string[], all: boolean): number[] | "all" {
  if (all && words.length > 0) throw new OperatorError("usage", "codes and --all exclude each other");
  if (all) return "all";
  if (words.length > 0) return [...new Set(words.map((word) => readId("CODE", word)))];
  throw new OperatorError("usage", `${verb} takes the codes of companies, or --all`, {
    hint: `fiscaut-tasks company ${verb} 1 2`,
  });
}

/** undefined: there is no source to ask. */
async function readSource(
  flag: string | undefined,
  prepared: Prepared,
): Promise<SourceCompany[] | undefined> {
  if (flag === undefined && prepared.config.fiscautSource === undefined) return undefined;
  return await readCompanies(chooseSource(flag, prepared)).catch(throwSourceFault);
}

/** A source that can't be read is told, and what is known without it is shown. */
async function askSource(flag: string | undefined, prepared: Prepared): Promise<SourceCompany[] | undefined> {
  try {
    return await readSource(flag, prepared);
  } catch (error) {
    if (!(error instanceof OperatorError) || error.kind === "usage") throw error;
    prepared.logger.warn(`only the companies that are known are listed: ${error.message}`);
    return undefined;
  }
}

function tell(
  asJson: boolean,
  past: "enabled" | "disabled",
  changed: number[],
  wanted: number[],
  refused: { code: number; words: string }[],
): void {
  const unchanged = wanted.filter((code) => !changed.includes(code));
  if (asJson) {
    printJson({ changed, unchanged, refused: refused.map(({ code, words }) => ({ company: code, words })) });
    return;
  }
  const parts = [
    changed.length === 0 ? "" : `${name(changed)} ${changed.length === 1 ? "is" : "are"} ${past}`,
    unchanged.length === 0
      ? ""
      : `${name(unchanged)} ${unchanged.length === 1 ? "was" : "were"} ${past === "enabled" ? "enabled before" : "not enabled"}`,
  ].filter((part) => part !== "");
  printLine(parts.length === 0 ? `no company is ${past}` : parts.join("; "));
}

const namedAtMost = 20;

/** Such as `companies 1, 2`, or `200 companies`. */
function name(codes: number[]): string {
  if (codes.length > namedAtMost) return `${codes.length} companies`;
  return `${codes.length === 1 ? "company" : "companies"} ${codes.join(", ")}`;
}

function toRow({ code, document, name, enabled, inSource, fault, records }: CompanyLine) {
  return {
    company: code,
    document,
    enabled: enabled ? "yes" : "no",
    synced: records.synced,
    waiting: records.in_progress + records.not_synced,
    error: records.error,
    skipped: records.skipped,
    name: name === null ? null : shorten(name, 40),
    note: inSource === false ? "not in the source" : fault,
  };
}
