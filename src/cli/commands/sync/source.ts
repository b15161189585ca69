/** `source test` and `source companies`: what a source is and holds, before anything is sent. */
import { defineCommand } from "citty";
import type { Logger } from "../../../log/logger.ts";
import type { Source, SourceReader, SourceReport } from "../../../sources/source.ts";
import { OperatorError } from "../../../task/errors.ts";
import { chooseSource, sourceFlag } from "../../input/choose-source.ts";
import { settingFlags } from "../../input/setting-flags.ts";
import { printFields, printJson, printLine, printTable, type Row } from "../../output.ts";
import { prepare } from "../../prepare.ts";

const args = {
  ...sourceFlag,
  json: { type: "boolean", description: "Print JSON" },
  ...settingFlags(),
} as const;

const testCommand = defineCommand({
  meta: {
    name: "source test",
    description: "Tell whether the source can be read, and what it holds",
    examples: ["fiscaut-tasks source test", "fiscaut-tasks source test --source csv:records"],
  },
  args,
  async run(context) {
    const { config, logger } = prepare(context);
    const source = chooseSource(context.args.source, { config, logger });
    const report = await reading(source, (reader) => reader.test());
    if (context.args.json) printJson({ source: source.address, ...report });
    else {
      printFields([
        ["source", source.address],
        ["driver", report.driver],
        ["dbms", report.dbms],
      ]);
      printLine("");
      printTable(report.tables.map(({ name, rows }) => ({ table: name, rows: rows ?? "not there" })));
    }
    tellMissing(report, logger);
  },
});

const companiesCommand = defineCommand({
  meta: {
    name: "source companies",
    description: "List the companies that the source has",
    examples: ["fiscaut-tasks source companies", "fiscaut-tasks source companies --json"],
  },
  args,
  async run(context) {
    const source = chooseSource(context.args.source, prepare(context));
    const companies = await reading(source, async (reader) => {
      const rows: Row[] = [];
      for await (const { code, document, name } of reader.companies())
        rows.push({ company: code, document, name });
      return rows;
    });
    if (context.args.json) printJson(companies);
    else printTable(companies);
  },
});

/**
 * A table of records that is not there hinders its own kind alone.
 * @throws OperatorError where nothing could be synced.
 */
function tellMissing({ tables: [companies, ...records] }: SourceReport, logger: Logger): void {
  const hint = "name the database or folder that holds Domínio's tables, with a user that may see them";
  const missing = records.filter(({ rows }) => rows === null).map(({ name }) => name);
  if (companies?.rows === null)
    throw new OperatorError("failed", `the source lacks ${companies.name}, the table of companies`, { hint });
  if (missing.length === records.length)
    throw new OperatorError("failed", `the source lacks ${list(missing)}: there is nothing to sync`, {
      hint,
    });
  if (missing.length > 0)
    logger.warn(`the source lacks ${list(missing)}: what stands there can't be synced, the rest can`);
}

const list = (names: string[]) => new Intl.ListFormat("en").format(names);

/** Exit code 69 is for the tasks' database: here whatever is wrong with the source is a plain failure. */
async function reading<Result>(
  source: Source,
  read: (reader: SourceReader) => Promise<Result>,
): Promise<Result> {
  try {
    await using reader = await source.open();
    return await read(reader);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    const { message, hint } = error;
    throw new OperatorError("failed", message, { ...(hint === undefined ? {} : { hint }), cause: error });
  }
}

export const sourceCommand = defineCommand({
  meta: {
    name: "source",
    description: "Look into the source of accounting records",
    examples: ["fiscaut-tasks source test", "fiscaut-tasks source companies"],
  },
  subCommands: { test: testCommand, companies: companiesCommand },
});
