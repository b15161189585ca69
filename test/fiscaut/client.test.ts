/** The client against the stand-in: every answer that the API or the proxy in front of it gives, and none. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { FiscautAnswer } from "../../src/fiscaut/answer.ts";
import { createFiscautClient, type FiscautClient } from "../../src/fiscaut/client.ts";
import { CUT_OFF, type Fault } from "../fiscaut-api/fault.ts";
import { type FiscautStandIn, startFiscautStandIn } from "../fiscaut-api/stand-in.ts";

const apiKey = "12|a/very+secret=key";
const company = "33000167000101";
const record = {
  cnpj_empresa: company,
  nome_fornecedor: "NATURA COSMÉTICOS S/A",
  cnpj_fornecedor: "71673990000177",
  conta_contabil_fornecedor: "20008",
};
const never = new AbortController().signal;

let api: FiscautStandIn;
let client: FiscautClient;

beforeAll(() => {
  api = startFiscautStandIn({ apiKey, companies: [company] });
});
afterAll(() => api.stop());
beforeEach(() => {
  api.records.clear();
  api.answers.clear();
  client = createFiscautClient({ baseUrl: api.url, apiKey });
});

async function sendMeeting(fault: Fault, timeoutMs = 30_000): Promise<FiscautAnswer> {
  api.failNext(fault);
  return createFiscautClient({ baseUrl: api.url, apiKey, timeoutMs }).send("supplier", record, never);
}

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
      expect(await client.send(kind, content, never)).toEqual({
        kind: "accepted",
        status: 201,
        message: "Saved.",
        doubtsApi: false,
        response: '{"status":true,"message":"Saved."}',
      });
      expect(api.records.get(`${resource}/${company}/${key}`)).toEqual(content);
    },
  );

  test("sending it again updates it", async () => {
    await client.send("supplier", record, never);
    await client.send("supplier", { ...record, nome_fornecedor: "NATURA" }, never);
    expect(api.records.size).toBe(1);
    expect([...api.records.values()][0]).toMatchObject({ nome_fornecedor: "NATURA" });
  });

  test("up answers with or without a slash at the end of the base URL", async () => {
    for (const baseUrl of [api.url, `${api.url}/`, ` ${api.url}// `]) {
      const answer = await createFiscautClient({ baseUrl, apiKey }).up(never);
      expect(answer).toMatchObject({ kind: "accepted", status: 200, message: "up" });
    }
  });
});

describe("rejected for good", () => {
  test("401 says to check the key", async () => {
    const wrong = createFiscautClient({ baseUrl: api.url, apiKey: "another" });
    for (const answer of [await wrong.up(never), await wrong.send("supplier", record, never)]) {
      expect(answer).toEqual({
        kind: "rejected",
        status: 401,
        message: "401 Unauthenticated. Check FISCAUT_API_KEY.",
        doubtsApi: true,
        response: '{"message":"Unauthenticated."}',
        fields: {},
      });
    }
  });

  test("422 carries the server's words and the fields", async () => {
    const bad = { ...record, cnpj_fornecedor: "1", nome_fornecedor: "" };
    const { response, ...answer } = await client.send("supplier", bad, never);
    expect(response).toStartWith('{"message":"The nome_fornecedor field is required.');
    expect(answer).toEqual({
      kind: "rejected",
      status: 422,
      message:
        "422 The nome_fornecedor field is required. (and 1 more) " +
        "nome_fornecedor: The nome_fornecedor field is required. " +
        "cnpj_fornecedor: The cnpj_fornecedor field is not a valid CNPJ or CPF.",
      doubtsApi: false,
      fields: {
        nome_fornecedor: ["The nome_fornecedor field is required."],
        cnpj_fornecedor: ["The cnpj_fornecedor field is not a valid CNPJ or CPF."],
      },
    });
  });

  test("404 and 405 say to check the base URL and name the call", async () => {
    const root = new URL(api.url).origin;
    const lost = await createFiscautClient({ baseUrl: `${root}/api/v2`, apiKey }).send(
      "supplier",
      record,
      never,
    );
    expect(lost).toMatchObject({ kind: "rejected", status: 404, doubtsApi: true });
    expect(lost.message).toEndWith(
      `POST ${root}/api/v2/contabil/fornecedores does not exist. Check FISCAUT_API_URL.`,
    );
    const wrongMethod = createFiscautClient({
      baseUrl: api.url,
      apiKey,
      fetch: (url, { body: _, ...init }) => fetch(url, { ...init, method: "GET" }),
    });
    const refused = await wrongMethod.send("supplier", record, never);
    expect(refused).toMatchObject({ kind: "rejected", status: 405, doubtsApi: true });
    expect(refused.message).toContain("Check FISCAUT_API_URL.");
  });

  test("a redirect is not followed: the key stays with the host that it was given for", async () => {
    expect(await sendMeeting("redirect")).toMatchObject({
      kind: "rejected",
      status: 302,
      doubtsApi: true,
      message: expect.stringContaining(
        "redirects to https://elsewhere.invalid/login. Check FISCAUT_API_URL.",
      ),
    });
  });

  test("another 4xx, even as a proxy's page", async () => {
    expect(await sendMeeting("403-html")).toMatchObject({
      kind: "rejected",
      status: 403,
      message: "403 The body is not the API's JSON.",
      doubtsApi: true,
    });
  });
});

describe("slow down", () => {
  test("429 with seconds, with a date, and with no Retry-After", async () => {
    expect(await sendMeeting("429-seconds")).toEqual({
      kind: "slow-down",
      status: 429,
      message: "429 Try again later.",
      doubtsApi: false,
      response: '{"message":"Try again later."}',
      retryAfterMs: 1000,
    });
    const dated = await sendMeeting("429-date");
    if (dated.kind !== "slow-down") throw new Error(dated.message);
    expect(dated.retryAfterMs).toBeWithin(1000, 30_001);
    expect(await sendMeeting("429-bare")).toMatchObject({ kind: "slow-down", retryAfterMs: undefined });
  });
});

describe("unavailable", () => {
  test("500 mentions that the company may not be registered, on a send only", async () => {
    const answer = await client.send("supplier", { ...record, cnpj_empresa: "84429695000111" }, never);
    expect(answer).toMatchObject({
      kind: "unavailable",
      status: 500,
      doubtsApi: true,
      message: "500 Server Error The company 84429695000111 may not be registered in Fiscaut.",
      retryAfterMs: undefined,
    });
    api.failNext("500");
    expect(await client.up(never)).toMatchObject({ kind: "unavailable", message: "500 Server Error" });
  });

  test("503 passes the server's Retry-After on", async () => {
    expect(await sendMeeting("503")).toMatchObject({
      kind: "unavailable",
      status: 503,
      retryAfterMs: 60_000,
    });
  });

  test.each([
    ["408", 408, "408 Try again later."],
    ["502-html", 502, "502 The body is not the API's JSON."],
    ["504-html", 504, "504 The body is not the API's JSON."],
    ["200-html", 200, "200 The body is not the API's JSON."],
    ["200-empty", 200, "200 The body is not the API's JSON."],
    ["truncated-json", 200, "200 The body is not the API's JSON."],
    ["huge-body", 200, "200 The body is not the API's JSON."],
    ["status-false", 200, "200 The company is locked. Not accepted: the answer lacks status true."],
  ] as const)("%s did not succeed and is worth repeating", async (fault, status, message) => {
    expect(await sendMeeting(fault)).toMatchObject({
      kind: "unavailable",
      status,
      message,
      doubtsApi: fault !== "status-false",
      retryAfterMs: undefined,
    });
    expect(api.records.size).toBe(0);
  });

  test("a connection closed before the answer, though the record may be stored", async () => {
    for (const fault of ["reset", "answer-lost"] as const) {
      expect(await sendMeeting(fault)).toMatchObject({
        kind: "unavailable",
        status: undefined,
        message: expect.stringMatching(
          /^127\.0\.0\.1:\d+: connection closed before the answer was complete$/,
        ),
      });
    }
    expect(api.records.size).toBe(1);
    expect(api.answers).toEqual(new Map([[CUT_OFF, 2]]));
  });

  test("slower than the time-out, before the headers or in the body", async () => {
    for (const fault of ["no-answer", "slow-body"] as const) {
      expect(await sendMeeting(fault, 50)).toMatchObject({
        kind: "unavailable",
        status: undefined,
        message: expect.stringMatching(/^127\.0\.0\.1:\d+: no answer within 0.05 s$/),
      });
    }
  });

  test("nobody listening, or no such host", async () => {
    const gone = startFiscautStandIn({ apiKey, companies: [] });
    await gone.stop();
    const refused = await createFiscautClient({ baseUrl: gone.url, apiKey }).up(never);
    expect(refused).toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining("connection refused"),
    });
    const unknown = await createFiscautClient({ baseUrl: "https://fiscaut.invalid/api", apiKey }).up(never);
    expect(unknown).toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining("fiscaut.invalid: host name not found"),
    });
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

describe("the answer as it came", () => {
  test("is kept, of a long one the beginning, without what Postgres can't hold", async () => {
    const responseTo = async (body: string) => {
      const answering = async () => new Response(body, { status: 502 });
      const { response } = await createFiscautClient({ baseUrl: api.url, apiKey, fetch: answering }).up(
        never,
      );
      return response;
    };
    expect(await responseTo("<html>Bad Gateway</html>")).toBe("<html>Bad Gateway</html>");
    expect(await responseTo("")).toBe("");
    expect(await responseTo(`a\0b`)).toBe("ab");
    expect(await responseTo(`${"x".repeat(1999)}😀`)).toBe(`${"x".repeat(1999)}\ufffd`);
    expect(await responseTo("ção".repeat(100_000))).toBe("ção".repeat(667).slice(0, 2000));
  });

  test("is undefined where none came", async () => {
    expect((await sendMeeting("reset")).response).toBeUndefined();
  });
});

describe("abort", () => {
  test("the caller's own abort is thrown as its reason, before and during a call", async () => {
    const stop = new AbortController();
    api.failNext("no-answer");
    const sending = client.send("supplier", record, stop.signal);
    const reason = new Error("the task was cancelled");
    stop.abort(reason);
    await expect(sending).rejects.toBe(reason);
    await expect(client.up(stop.signal)).rejects.toBe(reason);
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
      const echoing = createFiscautClient({ baseUrl: api.url, apiKey, fetch: async () => echo() });
      const text = JSON.stringify(await echoing.send("supplier", record, never));
      expect(text).not.toContain("secret");
      expect(text.length).toBeLessThan(3200);
    }
  });

  test("a key or base URL that cannot be used is refused without showing it", () => {
    for (const bad of ["", "a secret", "secret\nkey", "secretção"]) {
      expect(() => createFiscautClient({ baseUrl: api.url, apiKey: bad })).toThrow(
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
