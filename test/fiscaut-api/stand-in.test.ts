/** The stand-in itself: its answers are those of the API's document, and its checks agree with src/fiscaut. */
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { join } from "node:path";
import { screenRecord } from "../../src/fiscaut/record.ts";
import { parseSource } from "../../src/sources/parse-source.ts";
import { type RecordKind, recordKinds } from "../../src/task/sync/record.ts";
import type { RowOf } from "../../src/task/sync/row.ts";
import { until } from "../until.ts";
import { CUT_OFF } from "./fault.ts";
import { findOutOfOrder, findStale, type Received } from "./received.ts";
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
beforeEach(() => {
  api.records.clear();
  api.received.length = 0;
});

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

test("the log holds every POST in order, and what it came to", async () => {
  api.failNext("answer-lost", "429-bare");
  await post("/contabil/plano-de-contas", account).catch(() => {});
  await post("/contabil/plano-de-contas", { ...account, nome: "CLIENTES" });
  await post("/contabil/plano-de-contas", { ...account, nome: "" });
  await post("/contabil/plano-de-contas", account, "x");
  const told = api.received.map(({ resource, key, content, status, stored }) => [
    `${resource} ${key} ${content["nome"] ?? ""}`,
    status,
    stored,
  ]);
  expect(told).toEqual([
    ["plano-de-contas 20000 FORNECEDORES", CUT_OFF, true],
    ["plano-de-contas 20000 CLIENTES", 429, false],
    ["plano-de-contas 20000 ", 422, false],
    ["plano-de-contas 20000 FORNECEDORES", 401, false],
  ]);
});

test("the key is revoked and restored, a company registered later", async () => {
  const later = { ...account, cnpj_empresa: "84429695000111" };
  api.keyRevoked = true;
  expect((await post("/contabil/plano-de-contas", account))[0]).toBe(401);
  api.keyRevoked = false;
  expect((await post("/contabil/plano-de-contas", later))[0]).toBe(500);
  api.companies.add(later.cnpj_empresa);
  expect((await post("/contabil/plano-de-contas", later))[0]).toBe(201);
  api.companies.delete(later.cnpj_empresa);
});

test("an outage meets every request, GET /up too; down altogether, nobody answers until it is back", async () => {
  const up = async () =>
    (await fetch(`${api.url}/up`, { headers: { Authorization: `Bearer ${apiKey}` } })).status;
  const askedBefore = api.upAskedAt.length;
  api.outage = "502-html";
  expect(await up()).toBe(502);
  api.outage = undefined;
  expect(await up()).toBe(200);
  expect(api.upAskedAt.length - askedBefore).toBe(2);
  await api.goDown();
  await expect(up()).rejects.toThrow();
  api.comeBack();
  expect(await up()).toBe(200);
});

test("connections are counted, and how many requests are under way at once", async () => {
  const before = api.connections;
  for (let nth = 0; nth < 5; nth++) await post("/contabil/plano-de-contas", account);
  expect(api.connections - before).toBeLessThanOrEqual(1);
  api.failNext("no-answer");
  const abort = new AbortController();
  const hanging = fetch(`${api.url}/up`, {
    headers: { Authorization: `Bearer ${apiKey}` },
    signal: abort.signal,
  });
  await until(() => api.mostAtOnce >= 1);
  await post("/contabil/plano-de-contas", account);
  expect(api.mostAtOnce).toBeGreaterThanOrEqual(2);
  abort.abort();
  await expect(hanging).rejects.toThrow();
});

test("stale contents and records out of order are found in the log", () => {
  const entry = (resource: string, key: string, nome: string): Received => ({
    at: 0,
    resource,
    company,
    key,
    content: { nome },
    status: 201,
    stored: true,
  });
  const versionOf = (content: Record<string, string>) => Number(content["nome"]);
  const fresh = [entry("clientes", "1", "1"), entry("clientes", "1", "2"), entry("clientes", "2", "1")];
  const stale = entry("clientes", "1", "1");
  expect(findStale(fresh, versionOf)).toBeEmpty();
  expect(findStale([...fresh, stale], versionOf)).toEqual([stale]);

  const late = entry("plano-de-contas", "9", "1");
  const retry = entry("clientes", "2", "1");
  const log = [...fresh, entry("fornecedores", "3", "1"), retry, late];
  expect(findOutOfOrder(log)).toEqual([late]);
});

/** What a sync that screens nothing would send. */
const unscreened: { [Kind in RecordKind]: [resource: string, body: (row: RowOf<Kind>) => object] } = {
  account: [
    "contabil/plano-de-contas",
    ({ code, classification, name, type }) => ({
      codigo: code,
      classificacao: classification,
      nome: name,
      tipo: type,
    }),
  ],
  customer: ["contabil/clientes", ({ name, document }) => ({ nome_cliente: name, cnpj_cliente: document })],
  supplier: [
    "contabil/fornecedores",
    ({ name, document }) => ({ nome_fornecedor: name, cnpj_fornecedor: document }),
  ],
  accumulator: ["contabil/acumuladores", ({ code, name }) => ({ codi_acu: code, nome_acu: name })],
};

/** What the API takes though it is wrong: the code is not part of what it sees, and it reads an account as a number. */
const unseen = ["customer no_code", "supplier no_code", "customer bad_account"];

test("of the sample, whatever src/fiscaut sends the stand-in takes, and what it skips the stand-in refuses", async () => {
  await using reader = await parseSource(`csv:${join(import.meta.dir, "../../scripts/demo/data")}`).open();
  const counts: Record<string, number> = {};
  async function compare<Kind extends RecordKind>(kind: Kind, code: number, document: string): Promise<void> {
    const [path, toBody] = unscreened[kind];
    const resource = RESOURCES.get(path);
    if (resource === undefined) throw new Error(`no resource ${path}`);
    for await (const row of reader.records(kind, code)) {
      const screened = screenRecord(kind, { document }, row);
      const outcome = `${kind} ${screened.kind === "send" ? "sent" : screened.reason}`;
      counts[outcome] = (counts[outcome] ?? 0) + 1;
      const body = screened.kind === "send" ? screened.content : { cnpj_empresa: document, ...toBody(row) };
      const isTaken = screened.kind === "send" || unseen.includes(outcome);
      expect(Object.keys(validate(resource, body).errors).length).toBe(isTaken ? 0 : 1);
    }
  }
  for (const code of [1, 2, 3]) {
    const { document = "" } = (await reader.company(code)) ?? {};
    for (const kind of recordKinds) await compare(kind, code, document);
  }
  expect(counts).toEqual({
    "account sent": 126,
    "account no_code": 1,
    "account no_classification": 1,
    "account no_name": 1,
    "account bad_type": 2,
    "customer sent": 63,
    "customer no_code": 1,
    "customer no_document": 1,
    "customer no_name": 1,
    "customer bad_document": 4,
    "customer bad_account": 1,
    "supplier sent": 2002,
    "supplier no_code": 1,
    "supplier no_document": 2,
    "supplier no_name": 1,
    "supplier bad_document": 2,
    "accumulator sent": 26,
    "accumulator no_code": 1,
    "accumulator no_name": 1,
  });
});
