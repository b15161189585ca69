/** `source test` and `source companies`: what a source is and holds, before anything is sent. */
import { defineCommand } from "citty";
import { findMissingTables } from "../../../sources/missing-tables.ts";
import type { Source, SourceReader } from "../../../sources/source.ts";
import { OperatorError } from "../../../task/errors.ts";
import { chooseSource, sourceFlag, throwSourceFault } from "../../input/choose-source.ts";
import { settingFlags } from "../../input/setting-flags.ts";
import { printFields, printJson, printLine, printTable, type Row } from "../../output/print.ts";
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
    const missing = findMissingTables(report);
    if (missing.kind === "needed") throw new OperatorError("failed", missing.words, { hint: missing.hint });
    if (missing.kind === "some") logger.warn(missing.words);
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

async function reading<Result>(
  source: Source,
  read: (reader: SourceReader) => Promise<Result>,
): Promise<Result> {
  try {
    await using reader = await source.open();
    return await read(reader);
  } catch (error) {
    throwSourceFault(error);
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
