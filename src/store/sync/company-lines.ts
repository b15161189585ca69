/** Lists companies with what has become of their records. Which are synced is `companies.ts`'s. */
import { type CompanyLine, lineUpCompanies, type SourceCompany } from "../../task/doors/company.ts";
import type { Store } from "../connection.ts";
import { listCompanies } from "./companies.ts";
import { countRecords } from "./records.ts";

/** By code; those of the source that are not known yet too. */
export async function listCompanyLines(
  store: Store,
  ofSource: readonly SourceCompany[] | undefined,
): Promise<CompanyLine[]> {
  const [known, counts] = await Promise.all([listCompanies(store), countRecords(store)]);
  return lineUpCompanies(known, counts, ofSource);
}
