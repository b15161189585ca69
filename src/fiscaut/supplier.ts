/**
 * A supplier row of the accounting database as the record that Fiscaut takes, or the reason why it is not sent.
 * Pure; reading rows is left to `sources/`, sending records to `client.ts`.
 */
import { z } from "zod";
import { checkDocument, normaliseDocument } from "./cnpj.ts";

/**
 * Payload of a `fiscaut.sync-supplier` task: the record as it goes over the wire, and the two codes that say where
 * it came from, under the names that the connector being replaced gave them. `codi_for_odbc` keeps leading zeros.
 */
export const supplierPayloadSchema = z.object({
  cnpj_empresa: z.string().min(1),
  nome_fornecedor: z.string().min(1),
  cnpj_fornecedor: z.string().min(1),
  conta_contabil_fornecedor: z.string().optional(),
  codi_emp_odbc: z.number().int(),
  codi_for_odbc: z.string().min(1),
});

export type SupplierPayload = z.infer<typeof supplierPayloadSchema>;

/** What of the payload is sent: the body of `POST /contabil/fornecedores`. */
export type SupplierRecord = Omit<SupplierPayload, "codi_emp_odbc" | "codi_for_odbc">;

/** Why a row is not sent; counted under this name. */
export type SkipReason = "no_code" | "no_document" | "no_name" | "bad_document" | "bad_account";

/** `words` tell a person which supplier it is and what to correct in the accounting database. */
export type ScreenedSupplier =
  | { kind: "send"; payload: SupplierPayload }
  | { kind: "skip"; reason: SkipReason; words: string };

/**
 * Decides whether a row is sent. The company's CNPJ must have been checked by the caller: were it bad, every row of
 * the company would be, and that is one fault to tell, not thousands.
 * An account that is not digits alone is skipped, since the server reads it as an integer and "2.1.01" would
 * become account 2 without a word.
 */
export function screenSupplier(
  company: { code: number; document: string },
  row: { code: string; document: string; name: string; account: string | undefined },
): ScreenedSupplier {
  const document = normaliseDocument(row.document);
  if (row.code === "") return skip("no_code", row, "has no code");
  if (document === "") return skip("no_document", row, "has no CNPJ or CPF");
  if (row.name === "") return skip("no_name", row, "has no name");

  const check = checkDocument(document);
  if (!check.valid) {
    const label = check.kind?.toUpperCase() ?? "CNPJ or CPF";
    return skip("bad_document", row, `${label} ${document} ${check.fault}`);
  }
  if (row.account !== undefined && !/^[0-9]+$/.test(row.account)) {
    return skip("bad_account", row, `account ${row.account} is not a number`);
  }
  return {
    kind: "send",
    payload: {
      cnpj_empresa: normaliseDocument(company.document),
      nome_fornecedor: row.name,
      cnpj_fornecedor: document,
      ...(row.account === undefined ? {} : { conta_contabil_fornecedor: row.account }),
      codi_emp_odbc: company.code,
      codi_for_odbc: row.code,
    },
  };
}

function skip(
  reason: SkipReason,
  row: { code: string; document: string; name: string },
  fault: string,
): ScreenedSupplier {
  const known = [row.code, row.name || row.document].filter((text) => text !== "").join(" ");
  return { kind: "skip", reason, words: `supplier ${known || "without code, document or name"}: ${fault}` };
}
