/** Which rows are sent, as what, and what a person is told of the others. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { checkDocument } from "../../src/fiscaut/cnpj.ts";
import { screenRecord } from "../../src/fiscaut/record.ts";
import { type RecordKind, recordKinds } from "../../src/task/sync/record.ts";
import type { RowOf } from "../../src/task/sync/row.ts";

const company = { document: "33.000.167/0001-01" };
const rows: { [Kind in RecordKind]: RowOf<Kind> } = {
  account: { code: "20000", classification: "2.1.1.01", name: "FORNECEDORES", type: "A" },
  customer: { code: "C-1", document: "12.abc.345/01de-35", name: "WEG S/A", account: "30000" },
  supplier: { code: "00007", document: "47.960.950/0001-21", name: "MAGAZINE LUIZA S/A", account: "20006" },
  accumulator: { code: "12", name: "COMPRA", description: "Compra para revenda" },
};

describe("what is sent", () => {
  test("has the fields of the API's document, bare documents in upper case, codes as they are", () => {
    expect(screenRecord("account", company, rows.account)).toEqual({
      kind: "send",
      code: "20000",
      name: "FORNECEDORES",
      identity: "20000",
      content: {
        cnpj_empresa: "33000167000101",
        codigo: "20000",
        classificacao: "2.1.1.01",
        nome: "FORNECEDORES",
        tipo: "A",
      },
    });
    expect(screenRecord("customer", company, rows.customer)).toEqual({
      kind: "send",
      code: "C-1",
      name: "WEG S/A",
      identity: "12ABC34501DE35",
      content: {
        cnpj_empresa: "33000167000101",
        nome_cliente: "WEG S/A",
        cnpj_cliente: "12ABC34501DE35",
        conta_contabil_cliente: "30000",
      },
    });
    expect(screenRecord("supplier", company, rows.supplier)).toEqual({
      kind: "send",
      code: "00007",
      name: "MAGAZINE LUIZA S/A",
      identity: "47960950000121",
      content: {
        cnpj_empresa: "33000167000101",
        nome_fornecedor: "MAGAZINE LUIZA S/A",
        cnpj_fornecedor: "47960950000121",
        conta_contabil_fornecedor: "20006",
      },
    });
    expect(screenRecord("accumulator", company, rows.accumulator)).toEqual({
      kind: "send",
      code: "12",
      name: "COMPRA",
      identity: "12",
      content: { cnpj_empresa: "33000167000101", codi_acu: "12", nome_acu: "COMPRA" },
    });
  });

  test.each(["customer", "supplier"] as const)("leaves the account of a %s out that has none", (kind) => {
    const screened = screenRecord(kind, company, { ...rows[kind], account: undefined });
    if (screened.kind !== "send") throw new Error(screened.words);
    expect(Object.keys(screened.content).join()).not.toContain("conta_contabil");
  });

  test("takes the description of an accumulator that has no name, and an account's type in lower case", () => {
    const unnamed = screenRecord("accumulator", company, { ...rows.accumulator, name: "" });
    expect(unnamed).toMatchObject({
      name: "Compra para revenda",
      content: { nome_acu: "Compra para revenda" },
    });
    const lower = screenRecord("account", company, { ...rows.account, type: "s" });
    expect(lower).toMatchObject({ content: { tipo: "S" } });
  });
});

describe("what is skipped", () => {
  test.each([
    [{ code: "" }, "no_code", "MAGAZINE LUIZA S/A: has no code"],
    [{ code: "", name: "" }, "no_code", "47960950000121: has no code"],
    [{ code: "", name: "", document: "" }, "no_code", "without code or name: has no code"],
    [{ document: "" }, "no_document", "00007 MAGAZINE LUIZA S/A: has no CNPJ or CPF"],
    [{ document: " . / - " }, "no_document", "00007 MAGAZINE LUIZA S/A: has no CNPJ or CPF"],
    [{ name: "" }, "no_name", "00007 47960950000121: has no name"],
    [
      { document: "11222333000199" },
      "bad_document",
      "00007 MAGAZINE LUIZA S/A: CNPJ 11222333000199 ends in check digits 99, where 81 are right",
    ],
    [
      { document: "123" },
      "bad_document",
      "00007 MAGAZINE LUIZA S/A: CNPJ or CPF 123 has 3 characters, where a CNPJ has 14 and a CPF 11",
    ],
    [{ account: "2.1.01" }, "bad_account", "00007 MAGAZINE LUIZA S/A: account 2.1.01 is not a number"],
  ] as const)("a customer or supplier with %o as %s", (change, reason, words) => {
    for (const kind of ["customer", "supplier"] as const)
      expect(screenRecord(kind, company, { ...rows.supplier, ...change })).toMatchObject({
        kind: "skip",
        reason,
        words: `${kind} ${words}`,
      });
  });

  test.each([
    [{ code: "" }, "no_code", "account FORNECEDORES: has no code"],
    [{ classification: "" }, "no_classification", "account 20000 FORNECEDORES: has no classification"],
    [{ name: "" }, "no_name", "account 20000: has no name"],
    [{ code: "2.1.01" }, "bad_account", "account 2.1.01 FORNECEDORES: its code is not a number"],
    [
      { type: "" },
      "bad_type",
      "account 20000 FORNECEDORES: has no type, where A (analytic) or S (synthetic) is right",
    ],
    [
      { type: "X" },
      "bad_type",
      "account 20000 FORNECEDORES: type X, where A (analytic) or S (synthetic) is right",
    ],
  ] as const)("an account with %o as %s", (change, reason, words) => {
    expect(screenRecord("account", company, { ...rows.account, ...change })).toMatchObject({
      kind: "skip",
      reason,
      words,
    });
  });

  test("an accumulator without name and description", () => {
    const row = { code: "12", name: "", description: "" };
    expect(screenRecord("accumulator", company, row)).toEqual({
      kind: "skip",
      code: "12",
      name: "",
      reason: "no_name",
      words: "accumulator 12: has no name",
    });
  });
});

describe("sendInvalid", () => {
  const screen = (change: Partial<RowOf<"supplier">>, sendInvalid: boolean) =>
    screenRecord("supplier", company, { ...rows.supplier, ...change }, { sendInvalid });

  test("lets wrong check digits and one repeated digit pass", () => {
    for (const document of ["11222333000199", "52998224724", "00000000000", "00.000.000/0000-00"]) {
      expect(screen({ document }, false)).toMatchObject({ kind: "skip", reason: "bad_document" });
      const bare = document.replaceAll(/\D/g, "");
      expect(screen({ document }, true)).toMatchObject({ kind: "send", identity: bare });
    }
  });

  test("lets nothing else pass", () => {
    for (const change of [
      { document: "123" },
      { document: "" },
      { document: "12ABC34501DEX5" },
      { name: "" },
      { code: "" },
      { account: "2.1.01" },
    ])
      expect(screen(change, true).kind).toBe("skip");
  });
});

describe("of any row", () => {
  const text = fc.oneof(
    fc.constantFrom("", "1", "A", "s", "2.1.01", "33000167000101", "12.abc.345/01de-35", "11222333000199"),
    fc.string({ maxLength: 12 }).map((value) => value.trim()),
  );
  const row = fc.record({
    code: text,
    classification: text,
    document: text,
    name: text,
    description: text,
    type: text,
    account: fc.option(text, { nil: undefined }),
  });

  test.each(recordKinds)("a %s is sent with no empty field, or skipped in words that name it", (kind) => {
    fc.assert(
      fc.property(row, fc.boolean(), (given, sendInvalid) => {
        const screened = screenRecord(kind, company, given, { sendInvalid });
        expect(screened.code).toBe(given.code);
        if (screened.kind === "skip") {
          expect(screened.words).toStartWith(`${kind} ${given.code}`);
        } else {
          expect(screened.identity).not.toBeEmpty();
          for (const [field, value] of Object.entries(screened.content)) {
            expect(value).not.toBeEmpty();
            if (field.startsWith("cnpj_") && !sendInvalid) expect(checkDocument(value).valid).toBe(true);
            if (field.startsWith("conta_") || field === "codigo") expect(value).toMatch(/^[0-9]+$/);
          }
        }
      }),
    );
  });
});
