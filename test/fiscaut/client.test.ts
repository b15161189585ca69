/** The client against the stand-in: what it sends, over which connections, and what it never tells. */
import { describe, expect, test } from "bun:test";
import { createFiscautClient } from "../../src/fiscaut/client.ts";
import { startFiscautStandIn } from "../fiscaut-api/stand-in.ts";
import { apiKey, company, createClientBed, never, record } from "./client-bed.ts";

const bed = createClientBed();

describe("success", () => {
  test.each([
    [
      "account",
      "plano-de-contas",
      "20000",
      { codigo: "20000", classificacao: "2.1", nome: "PÃO", tipo: "A" },
    ],
    ["customer", "clientes", "71673990000177", { nome_cliente: "ÁGUA", cnpj_cliente: "71673990000177" }],
    ["supplier", "fornecedores", "71673990000177", record],
    ["accumulator", "acumuladores", "12", { codi_acu: "12", nome_acu: "DEVOLUÇÃO" }],
  ] as const)(
    "an %s is accepted and arrives as it was, accents and all",
    async (kind, resource, key, fields) => {
      const content = { cnpj_empresa: company, ...fields };
      expect(await bed.client.send(kind, content, never)).toEqual({
        kind: "accepted",
        status: 201,
        message: "Saved.",
        doubtsApi: false,
        response: '{"status":true,"message":"Saved."}',
      });
      expect(bed.api.records.get(`${resource}/${company}/${key}`)).toEqual(content);
    },
  );

  test("sending it again updates it", async () => {
    await bed.client.send("supplier", record, never);
    await bed.client.send("supplier", { ...record, nome_fornecedor: "NATURA" }, never);
    expect(bed.api.records.size).toBe(1);
    expect([...bed.api.records.values()][0]).toMatchObject({ nome_fornecedor: "NATURA" });
  });

  test("up answers with or without a slash at the end of the base URL", async () => {
    for (const baseUrl of [bed.api.url, `${bed.api.url}/`, ` ${bed.api.url}// `]) {
      const answer = await createFiscautClient({ baseUrl, apiKey }).up(never);
      expect(answer).toMatchObject({ kind: "accepted", status: 200, message: "up" });
    }
  });
});

describe("keep-alive", () => {
  test("calls one after another share a connection, whatever they were answered", async () => {
    const fresh = startFiscautStandIn({ apiKey, companies: [company] });
    const calling = createFiscautClient({ baseUrl: fresh.url, apiKey });
    try {
      for (let nth = 0; nth < 10; nth++) {
        await calling.send("supplier", record, never);
        await calling.send("supplier", { ...record, nome_fornecedor: "" }, never);
        await calling.up(never);
        fresh.failNext("502-html", "429-seconds");
        await calling.send("supplier", record, never);
        await calling.up(never);
      }
      expect(fresh.connections).toBe(1);
      await Promise.all(Array.from({ length: 4 }, () => calling.send("supplier", record, never)));
      expect(fresh.connections).toBeLessThanOrEqual(4);
    } finally {
      await fresh.stop();
    }
  });
});

describe("abort", () => {
  test("the caller's own abort is thrown as its reason, before and during a call", async () => {
    const stop = new AbortController();
    bed.api.failNext("no-answer");
    const sending = bed.client.send("supplier", record, stop.signal);
    const reason = new Error("the task was cancelled");
    stop.abort(reason);
    await expect(sending).rejects.toBe(reason);
    await expect(bed.client.up(stop.signal)).rejects.toBe(reason);
  });
});

describe("secrets", () => {
  test("the key is in no answer, even when the server or fetch echoes it", async () => {
    const echoes = [
      () => Response.json({ message: `bad token ${apiKey}`, errors: { token: [apiKey] } }, { status: 422 }),
      () => new Response(`{"message": "bad token ${apiKey.replaceAll("/", "\\/")}"}`, { status: 500 }),
      () => new Response(`<p>${apiKey.replaceAll("+", "&#43;")} ${encodeURIComponent(apiKey)}</p>`),
      () => Response.json({ message: `${"x".repeat(990)}${apiKey}` }, { status: 400 }),
      () => new Response("x".repeat(1990) + apiKey, { status: 500 }),
      () =>
        new Response(null, {
          status: 301,
          headers: { Location: `https://elsewhere.invalid/?key=${apiKey}` },
        }),
      () => Response.json({ status: true, message: apiKey }),
      () => Promise.reject(new Error(`cannot send Authorization: Bearer ${apiKey}`)),
    ];
    for (const echo of echoes) {
      const echoing = createFiscautClient({ baseUrl: bed.api.url, apiKey, fetch: async () => echo() });
      const text = JSON.stringify(await echoing.send("supplier", record, never));
      expect(text).not.toContain("secret");
      expect(text.length).toBeLessThan(3200);
    }
  });

  test("a key or base URL that cannot be used is refused without showing it", () => {
    for (const bad of ["", "a secret", "secret\nkey", "secretção"]) {
      expect(() => createFiscautClient({ baseUrl: bed.api.url, apiKey: bad })).toThrow(
        /^The Fiscaut API key is empty/,
      );
    }
    for (const bad of [
      "",
      "fiscaut.example",
      "ftp://fiscaut.example",
      "https://user:secret@fiscaut.example/api",
    ]) {
      expect(() => createFiscautClient({ baseUrl: bad, apiKey })).toThrow(/^The Fiscaut API's base URL must/);
    }
  });
});
