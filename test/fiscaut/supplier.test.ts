/** Which supplier rows are sent, as what, and what a person is told of the others. */
import { describe, expect, test } from "bun:test";
import { screenSupplier, supplierPayloadSchema } from "../../src/fiscaut/supplier.ts";

const company = { code: 1, document: "33.000.167/0001-01" };
const row = { code: "00007", document: "47.960.950/0001-21", name: "MAGAZINE LUIZA S/A", account: "20006" };

describe("screenSupplier", () => {
  test("makes the payload: bare documents, the code with its zeros, the account as text", () => {
    const screened = screenSupplier(company, row);
    expect(screened).toEqual({
      kind: "send",
      payload: {
        cnpj_empresa: "33000167000101",
        nome_fornecedor: "MAGAZINE LUIZA S/A",
        cnpj_fornecedor: "47960950000121",
        conta_contabil_fornecedor: "20006",
        codi_emp_odbc: 1,
        codi_for_odbc: "00007",
      },
    });
    if (screened.kind === "send")
      expect(supplierPayloadSchema.parse(screened.payload)).toEqual(screened.payload);
  });

  test("leaves the account out where the supplier has none", () => {
    const screened = screenSupplier(company, { ...row, account: undefined });
    if (screened.kind !== "send") throw new Error(screened.words);
    expect(Object.keys(screened.payload)).not.toContain("conta_contabil_fornecedor");
  });

  test.each([
    [{ code: "" }, "no_code", "supplier MAGAZINE LUIZA S/A: has no code"],
    [{ code: "", name: "" }, "no_code", "supplier 47.960.950/0001-21: has no code"],
    [{ code: "", name: "", document: "" }, "no_code", "supplier without code, document or name: has no code"],
    [{ document: "" }, "no_document", "supplier 00007 MAGAZINE LUIZA S/A: has no CNPJ or CPF"],
    [{ document: " . / - " }, "no_document", "supplier 00007 MAGAZINE LUIZA S/A: has no CNPJ or CPF"],
    [{ name: "" }, "no_name", "supplier 00007 47.960.950/0001-21: has no name"],
    [
      { document: "11222333000199" },
      "bad_document",
      "supplier 00007 MAGAZINE LUIZA S/A: CNPJ 11222333000199 ends in check digits 99, where 81 are right",
    ],
    [
      { document: "123" },
      "bad_document",
      "supplier 00007 MAGAZINE LUIZA S/A: CNPJ or CPF 123 has 3 characters, where a CNPJ has 14 and a CPF 11",
    ],
    [
      { account: "2.1.01" },
      "bad_account",
      "supplier 00007 MAGAZINE LUIZA S/A: account 2.1.01 is not a number",
    ],
  ] as const)("skips a row with %o as %s", (change, reason, words) => {
    expect(screenSupplier(company, { ...row, ...change })).toEqual({ kind: "skip", reason, words });
  });
});
