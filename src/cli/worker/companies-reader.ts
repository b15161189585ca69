/** How the worker's HTTP side asks the source for its companies, which it may not know by itself. */
import type { Config } from "../../config/settings/settings.ts";
import { readCompanies } from "../../handlers/source-companies.ts";
import { parseSource } from "../../sources/parse-source.ts";
import type { SourceCompany } from "../../task/doors/company.ts";
import { odbcReaderCommand } from "./odbc-reader.ts";

/** undefined: this worker has no source. The source is opened at each call. */
export function companiesReader({
  fiscautSource,
}: Pick<Config, "fiscautSource">): (() => Promise<SourceCompany[]>) | undefined {
  if (fiscautSource === undefined) return undefined;
  return () => readCompanies(parseSource(fiscautSource, { command: odbcReaderCommand }));
}
