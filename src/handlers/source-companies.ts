/** The companies of the source, each with what is wrong with its document, for the doors that list and enable them. */
import { checkDocument, normaliseDocument } from "../fiscaut/cnpj.ts";
import type { Source } from "../sources/source.ts";
import type { SourceCompany } from "../task/doors/company.ts";

/** In the source's order. @throws OperatorError where the source can't be read. */
export async function readCompanies(source: Source): Promise<SourceCompany[]> {
  await using reader = await source.open();
  const companies: SourceCompany[] = [];
  for await (const { code, document, name } of reader.companies()) {
    const bare = normaliseDocument(document);
    companies.push({ code, document: bare, name, fault: faultOf(bare) });
  }
  return companies;
}

function faultOf(document: string): string | null {
  if (document === "") return "it has no CNPJ";
  const check = checkDocument(document);
  return check.valid ? null : `${check.kind?.toUpperCase() ?? "CNPJ"} ${document} ${check.fault}`;
}
