/** What of the sample ought to have arrived at the stand-in. Sending it is the product's part. */
import { type SupplierRecord, screenSupplier } from "../../src/fiscaut/supplier.ts";
import { parseSource } from "../../src/sources/parse-source.ts";

/**
 * Compares by CNPJ or CPF, as the API's upsert does: where two rows of a company have the same one, either may have
 * come last.
 * @returns how many documents there ought to be, and the suppliers that the stand-in lacks or has otherwise.
 */
export async function compareArrived(
  sourceText: string,
  companyCode: number,
  arrived: Map<string, Record<string, string>>,
): Promise<{ expected: number; missing: string[] }> {
  const source = parseSource(sourceText);
  const company = await source.company(companyCode);
  if (company === undefined) throw new Error(`the sample has no company ${companyCode}`);
  const candidates = new Map<string, SupplierRecord[]>();
  for await (const row of source.suppliers(companyCode)) {
    const screened = screenSupplier(company, row);
    if (screened.kind === "skip") continue;
    const { codi_emp_odbc: _, codi_for_odbc: __, ...record } = screened.payload;
    const key = `fornecedores/${record.cnpj_empresa}/${record.cnpj_fornecedor}`;
    candidates.set(key, [...(candidates.get(key) ?? []), record]);
  }
  const missing = [...candidates].filter(
    ([key, records]) => !records.some((record) => Bun.deepEquals(record, arrived.get(key))),
  );
  return { expected: candidates.size, missing: missing.map(([key]) => key) };
}
