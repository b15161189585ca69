/** What of the sample ought to have arrived at the stand-in. Sending it is the product's part. */
import { type RecordContent, screenRecord } from "../../src/fiscaut/record.ts";
import { parseSource } from "../../src/sources/parse-source.ts";

/**
 * Compares by CNPJ or CPF, as the API's upsert does: where rows of a company have the same one, the last code's is sent.
 * @returns how many documents there ought to be, and the suppliers that the stand-in lacks or has otherwise.
 */
export async function compareArrived(
  sourceText: string,
  companyCode: number,
  arrived: Map<string, Record<string, string>>,
): Promise<{ expected: number; missing: string[] }> {
  await using reader = await parseSource(sourceText).open();
  const company = await reader.company(companyCode);
  if (company === undefined) throw new Error(`the sample has no company ${companyCode}`);
  const last = new Map<string, { code: string; content: RecordContent }>();
  for await (const row of reader.records("supplier", companyCode)) {
    const screened = screenRecord("supplier", company, row);
    if (screened.kind === "skip") continue;
    const { code, content, identity } = screened;
    const key = `fornecedores/${content["cnpj_empresa"]}/${identity}`;
    if (code > (last.get(key)?.code ?? "")) last.set(key, { code, content });
  }
  const missing = [...last].filter(([key, { content }]) => !Bun.deepEquals(content, arrived.get(key)));
  return { expected: last.size, missing: missing.map(([key]) => key) };
}
