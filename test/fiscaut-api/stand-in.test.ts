/** The stand-in itself: its answers are those of the API's document, and its checks agree with src/fiscaut. */
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { join } from "node:path";
import { screenRecord } from "../../src/fiscaut/record.ts";
import { parseSource } from "../../src/sources/parse-source.ts";
import { type FiscautStandIn, startFiscautStandIn } from "./stand-in.ts";
import { RESOURCES, validate } from "./validate.ts";

const apiKey = "a-key";
const company = "33000167000101";
let api: FiscautStandIn;

beforeAll(() => {
  api = startFiscautStandIn({
    apiKey,
    companies: [company],
    faults: (nth) => (nth === 2 ? "500" : undefined),
  });
});
afterAll(() => api.stop());
beforeEach(() => api.records.clear());

async function post(path: string, body: unknown, key = apiKey): Promise<[number, unknown]> {
  const headers = {
    Authorization: `Bearer ${key}`,
    Accept: "application/json",
    "Content-Type": "application/json",
  };
  const response = await fetch(`${api.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  return [response.status, await response.json()];
}

const account = {
  cnpj_empresa: company,
  codigo: "20000",
  classificacao: "2.1.1",
  nome: "FORNECEDORES",
  tipo: "A",
};

test("the plan meets the nth POST, and each record is an upsert", async () => {
  expect((await post("/contabil/plano-de-contas", account))[0]).toBe(201);
  expect((await post("/contabil/plano-de-contas", account))[0]).toBe(500);
  expect((await post("/contabil/plano-de-contas", { ...account, nome: "CLIENTES" }))[0]).toBe(201);
  expect([...api.records]).toEqual([[`plano-de-contas/${company}/20000`, { ...account, nome: "CLIENTES" }]]);
  expect(api.repeated).toBe(1);
});

test("every resource of the document takes its record", async () => {
  const customer = { cnpj_empresa: company, nome_cliente: "WEG SA", cnpj_cliente: "84429695000111" };
  const template = { cnpj_empresa: company, codi_acu: "1", nome_acu: "COMPRAS" };
  expect(await post("/contabil/clientes", customer)).toEqual([201, { status: true, message: "Saved." }]);
  expect((await post("/contabil/acumuladores", template))[0]).toBe(201);
  expect([...api.records.keys()]).toEqual([
    `clientes/${company}/84429695000111`,
    `acumuladores/${company}/1`,
  ]);
});

test("bad records, an unregistered company, a wrong key, an unknown route", async () => {
  expect(await post("/contabil/plano-de-contas", { ...account, tipo: "X", nome: "", codigo: 5 })).toEqual([
    422,
    {
      message: "The codigo field must be a string. (and 2 more)",
      errors: {
        codigo: ["The codigo field must be a string."],
        nome: ["The nome field is required."],
        tipo: ["The tipo field must be A or S."],
      },
    },
  ]);
  expect((await post("/contabil/plano-de-contas", "not a record"))[0]).toBe(422);
  const unregistered = { ...account, cnpj_empresa: "84429695000111" };
  expect(await post("/contabil/plano-de-contas", unregistered)).toEqual([500, { message: "Server Error" }]);
  expect(await post("/contabil/plano-de-contas", account, "x")).toEqual([
    401,
    { message: "Unauthenticated." },
  ]);
  expect((await post("/contabil/bancos", account))[0]).toBe(404);
  expect((await post("/up", account))[0]).toBe(405);
  expect(api.records.size).toBe(0);
});

test("of the sample, whatever src/fiscaut sends the stand-in takes, and what it skips the stand-in refuses", async () => {
  const source = parseSource(`csv:${join(import.meta.dir, "../../scripts/demo/data")}`);
  const resource = RESOURCES.get("contabil/fornecedores");
  if (resource === undefined) throw new Error("no such resource");
  await using reader = await source.open();
  const counts: Record<string, number> = {};
  for (const code of [1, 2, 3]) {
    const { document = "" } = (await reader.company(code)) ?? {};
    for await (const row of reader.records("supplier", code)) {
      const screened = screenRecord("supplier", { document }, row);
      const reason = screened.kind === "send" ? "sent" : screened.reason;
      counts[reason] = (counts[reason] ?? 0) + 1;
      if (reason === "no_code") continue; // the code is not part of what the API sees
      const record =
        screened.kind === "send"
          ? screened.content
          : { cnpj_empresa: document, nome_fornecedor: row.name, cnpj_fornecedor: row.document };
      expect(Object.keys(validate(resource, record).errors).length).toBe(screened.kind === "send" ? 0 : 1);
    }
  }
  expect(counts).toEqual({ sent: 2002, no_code: 1, no_document: 2, no_name: 1, bad_document: 2 });
});
