/** `source test` and `source companies`: what a source is and holds, before anything is sent. */
import { defineCommand } from "citty";
import { OperatorError } from "../../task/errors.ts";
import { chooseSource, sourceFlag } from "../input/choose-source.ts";
import { settingFlags } from "../input/setting-flags.ts";
import { printFields, printJson, printLine, printTable, type Row } from "../output.ts";
import { prepare } from "../prepare.ts";

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
    const source = chooseSource(context.args.source, prepare(context));
    const report = await reading(source.test());
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
    const missing = report.tables.filter(({ rows }) => rows === null).map(({ name }) => name);
    if (missing.length > 0)
      throw new OperatorError("failed", `the source lacks ${missing.join(" and ")}`, {
        hint: "name the database or folder that holds Domínio's tables, with a user that may see them",
      });
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
    const companies: Row[] = [];
    await reading(
      (async () => {
        for await (const { code, document, name } of source.companies())
          companies.push({ company: code, document, name });
      })(),
    );
    if (context.args.json) printJson(companies);
    else printTable(companies);
  },
});

/** Exit code 69 is for the tasks' database: here whatever is wrong with the source is a plain failure. */
async function reading<Result>(promise: Promise<Result>): Promise<Result> {
  try {
    return await promise;
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
