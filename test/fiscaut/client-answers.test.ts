/** What the client makes of every answer that the API or the proxy in front of it gives, and of none. */
import { describe, expect, test } from "bun:test";
import { createFiscautClient } from "../../src/fiscaut/client.ts";
import { CUT_OFF } from "../fiscaut-api/fault.ts";
import { startFiscautStandIn } from "../fiscaut-api/stand-in.ts";
import { apiKey, createClientBed, never, record } from "./client-bed.ts";

const bed = createClientBed();

describe("rejected for good", () => {
  test("401 says to check the key", async () => {
    const wrong = createFiscautClient({ baseUrl: bed.api.url, apiKey: "another" });
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
    const { response, ...answer } = await bed.client.send("supplier", bad, never);
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
    const root = new URL(bed.api.url).origin;
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
      baseUrl: bed.api.url,
      apiKey,
      fetch: (url, { body: _, ...init }) => fetch(url, { ...init, method: "GET" }),
    });
    const refused = await wrongMethod.send("supplier", record, never);
    expect(refused).toMatchObject({ kind: "rejected", status: 405, doubtsApi: true });
    expect(refused.message).toContain("Check FISCAUT_API_URL.");
  });

  test("a redirect is not followed: the key stays with the host that it was given for", async () => {
    expect(await bed.sendMeeting("redirect")).toMatchObject({
      kind: "rejected",
      status: 302,
      doubtsApi: true,
      message: expect.stringContaining(
        "redirects to https://elsewhere.invalid/login. Check FISCAUT_API_URL.",
      ),
    });
  });

  test("another 4xx, even as a proxy's page", async () => {
    expect(await bed.sendMeeting("403-html")).toMatchObject({
      kind: "rejected",
      status: 403,
      message: "403 The body is not the API's JSON.",
      doubtsApi: true,
    });
  });
});

describe("slow down", () => {
  test("429 with seconds, with a date, and with no Retry-After", async () => {
    expect(await bed.sendMeeting("429-seconds")).toEqual({
      kind: "slow-down",
      status: 429,
      message: "429 Try again later.",
      doubtsApi: false,
      response: '{"message":"Try again later."}',
      retryAfterMs: 1000,
    });
    const dated = await bed.sendMeeting("429-date");
    if (dated.kind !== "slow-down") throw new Error(dated.message);
    expect(dated.retryAfterMs).toBeWithin(1000, 30_001);
    expect(await bed.sendMeeting("429-bare")).toMatchObject({ kind: "slow-down", retryAfterMs: undefined });
  });
});

describe("unavailable", () => {
  test("500 mentions that the company may not be registered, on a send only", async () => {
    const answer = await bed.client.send("supplier", { ...record, cnpj_empresa: "84429695000111" }, never);
    expect(answer).toMatchObject({
      kind: "unavailable",
      status: 500,
      doubtsApi: true,
      message: "500 Server Error The company 84429695000111 may not be registered in Fiscaut.",
      retryAfterMs: undefined,
    });
    bed.api.failNext("500");
    expect(await bed.client.up(never)).toMatchObject({ kind: "unavailable", message: "500 Server Error" });
  });

  test("503 passes the server's Retry-After on", async () => {
    expect(await bed.sendMeeting("503")).toMatchObject({
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
    expect(await bed.sendMeeting(fault)).toMatchObject({
      kind: "unavailable",
      status,
      message,
      doubtsApi: fault !== "status-false",
      retryAfterMs: undefined,
    });
    expect(bed.api.records.size).toBe(0);
  });

  test("a connection closed before the answer, though the record may be stored", async () => {
    for (const fault of ["reset", "answer-lost"] as const) {
      expect(await bed.sendMeeting(fault)).toMatchObject({
        kind: "unavailable",
        status: undefined,
        message: expect.stringMatching(
          /^127\.0\.0\.1:\d+: connection closed before the answer was complete$/,
        ),
      });
    }
    expect(bed.api.records.size).toBe(1);
    expect(bed.api.answers).toEqual(new Map([[CUT_OFF, 2]]));
  });

  test("slower than the time-out, before the headers or in the body", async () => {
    for (const fault of ["no-answer", "slow-body"] as const) {
      expect(await bed.sendMeeting(fault, 50)).toMatchObject({
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

describe("the answer as it came", () => {
  test("is kept, of a long one the beginning, without what Postgres can't hold", async () => {
    const responseTo = async (body: string) => {
      const answering = async () => new Response(body, { status: 502 });
      const { response } = await createFiscautClient({ baseUrl: bed.api.url, apiKey, fetch: answering }).up(
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
    expect((await bed.sendMeeting("reset")).response).toBeUndefined();
  });
});
