/**
 * A folder of CSV files exported from Domínio, one a table: `geempre.csv`, `effornece.csv`.
 * Owns which columns mean what; encodings, quotes and line numbers are left to `csv-rows.ts`.
 */
import { resolve } from "node:path";
import { OperatorError } from "../task/errors.ts";
import { readCsvRows } from "./csv-rows.ts";
import type { Source } from "./source.ts";

const COMPANY_COLUMNS = ["codi_emp", "cgce_emp", "razao_emp"] as const;
const SUPPLIER_COLUMNS = ["codi_emp", "codi_for", "cgce_for", "nome_for", "codi_cta"] as const;

/** `folder` may be relative to the folder the process runs in. Its files are read when asked for, not before. */
export function openCsvSource(folder: string): Source {
  const directory = resolve(folder);
  const companiesPath = resolve(directory, "geempre.csv");
  const suppliersPath = resolve(directory, "effornece.csv");
  return {
    address: `csv:${directory}`,

    async company(code) {
      for await (const { line, values } of readCsvRows(companiesPath, COMPANY_COLUMNS)) {
        if (readCompanyCode(values.codi_emp, companiesPath, line) !== code) continue;
        return { code, document: values.cgce_emp, name: values.razao_emp };
      }
      return undefined;
    },

    async *suppliers(companyCode) {
      for await (const { line, values } of readCsvRows(suppliersPath, SUPPLIER_COLUMNS)) {
        if (readCompanyCode(values.codi_emp, suppliersPath, line) !== companyCode) continue;
        yield {
          code: values.codi_for,
          document: values.cgce_for,
          name: values.nome_for,
          account: values.codi_cta === "" ? undefined : values.codi_cta,
        };
      }
    },
  };
}

/** An integer in Domínio; "001" is company 1. A row of no company can't be left out in silence. */
function readCompanyCode(text: string, path: string, line: number): number {
  if (/^[0-9]{1,15}$/.test(text)) return Number(text);
  throw new OperatorError("failed", `${path} line ${line}: codi_emp "${text.slice(0, 40)}" is not a number`, {
    hint: "correct the line, or export the table again",
  });
}
