/** Which answers of the API are a record's own, and which hold the queue of all records: against the stand-in. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createFiscautClient } from "../../../src/fiscaut/client.ts";
import { createApiGate } from "../../../src/handlers/fiscaut/api-gate.ts";
import { Snooze } from "../../../src/task/outcome.ts";
import type { Fault } from "../../fiscaut-api/fault.ts";
import { type FiscautStandIn, startFiscautStandIn } from "../../fiscaut-api/stand-in.ts";

const apiKey = "a-key";
const company = "33000167000101";
const account = {
  cnpj_empresa: company,
  codigo: "20000",
  classificacao: "2.1.1",
  nome: "FORNECEDORES",
  tipo: "A",
};
let api: FiscautStandIn;
let holds: { reason: string; forMs: number | null }[];
beforeEach(() => {
  holds = [];
  api = startFiscautStandIn({ apiKey, companies: [company] });
});
afterEach(() => api.stop());

const never = new AbortController().signal;
function gateTo({ url = api.url, key = apiKey, timeoutMs = 5_000 } = {}) {
  const calls = { up: 0 };
  const client = createFiscautClient({ baseUrl: url, apiKey: key, timeoutMs });
  const gate = createApiGate({
    client: {
      ...client,
      up(signal) {
        calls.up += 1;
        return client.up(signal);
      },
    },
    hold: async (hold) => void holds.push(hold),
  });
  const send = (content: Record<string, string> = account) =>
    gate.send("account", content, never).catch((error: unknown) => error);
  return { gate, send, calls };
}

describe("an answer that is the record's own is returned, and nothing is held", () => {
  const own: [string, Fault[], string][] = [
    ["accepted", [], "accepted"],
    ["a 500 while GET /up is in order", ["500"], "unavailable"],
    ["a proxy's page while GET /up is in order", ["502-html"], "unavailable"],
    ["a connection cut off while GET /up is in order", ["reset"], "unavailable"],
    ["a redirect of it alone", ["redirect"], "rejected"],
    ["status false", ["status-false"], "unavailable"],
  ];
  for (const [what, faults, kind] of own)
    test(what, async () => {
      api.failNext(...faults);
      expect(await gateTo().send()).toMatchObject({ kind });
      expect(holds).toEqual([]);
    });

  test("a 422, without a question", async () => {
    const { send, calls } = gateTo();
    expect(await send({ ...account, tipo: "X" })).toMatchObject({ kind: "rejected", status: 422 });
    expect(calls.up).toBe(0);
  });
});

describe("an answer that GET /up shares holds the queue with words, and takes the attempt back", () => {
  const away: [string, () => Parameters<typeof gateTo>[0], RegExp][] = [
    ["a key that is refused", () => ({ key: "old" }), /refuses the key \(401\); correct FISCAUT_API_KEY/],
    [
      "a wrong path",
      () => ({ url: api.url.replace("v1", "v2") }),
      /no Fiscaut API at \S+v2 \(404\); check the path .*\/api\/v1$/,
    ],
    [
      "nothing that listens",
      () => ({ url: "http://127.0.0.1:1/api/v1" }),
      /does not answer \(127.0.0.1:1: connection refused\)/,
    ],
  ];
  for (const [what, options, reason] of away)
    test(what, async () => {
      expect(await gateTo(options()).send()).toBeInstanceOf(Snooze);
      expect(holds).toEqual([{ reason: expect.stringMatching(reason), forMs: null }]);
    });

  const twice: [string, Fault, RegExp][] = [
    ["out of order", "503", /out of order \(503 Try again later.\)/],
    ["a proxy's page", "502-html", /answered with a web page \(502\)/],
    ["a page to sign in", "200-html", /answered with a web page \(200\)/],
    ["a redirect", "redirect", /redirect/],
    ["a connection cut off", "reset", /does not answer/],
  ];
  for (const [what, fault, reason] of twice)
    test(what, async () => {
      api.failNext(fault, fault);
      expect(await gateTo().send()).toBeInstanceOf(Snooze);
      expect(holds).toEqual([{ reason: expect.stringMatching(reason), forMs: null }]);
    });

  test("also where the hold can't be stored: the attempt is not spent for that", async () => {
    const client = createFiscautClient({ baseUrl: "http://127.0.0.1:1", apiKey });
    const gate = createApiGate({ client, hold: () => Promise.reject(new Error("no database")) });
    expect(await gate.send("account", account, never).catch((error: unknown) => error)).toBeInstanceOf(
      Snooze,
    );
  });
});

describe("429 holds the queue as long as the server asks for", () => {
  const asked: [Fault, number, number][] = [
    ["429-seconds", 1_000, 1_000],
    ["429-date", 1_000, 3_000],
    ["429-bare", 10_000, 10_000],
  ];
  for (const [fault, least, most] of asked)
    test(fault, async () => {
      api.failNext(fault);
      expect(await gateTo().send()).toBeInstanceOf(Snooze);
      expect(holds).toHaveLength(1);
      expect(holds[0]?.forMs).toBeWithin(least, most + 1);
    });

  test("and so where GET /up is answered with it", async () => {
    api.failNext("500", "429-seconds");
    expect(await gateTo().send()).toBeInstanceOf(Snooze);
    expect(holds).toMatchObject([{ forMs: 1_000 }]);
  });
});

describe("GET /up", () => {
  test("that fails is asked once for all attempts of a second", async () => {
    const { send, calls } = gateTo({ url: "http://127.0.0.1:1" });
    await Promise.all(Array.from({ length: 50 }, () => send()));
    expect(holds).toHaveLength(50);
    expect(calls.up).toBe(1);
  });

  test("that was in order before a call went wrong is asked again", async () => {
    const { send } = gateTo();
    api.failNext("500");
    expect(await send()).toMatchObject({ status: 500 });
    await api.stop();
    expect(await send()).toBeInstanceOf(Snooze);
  });

  test("that is in order is shared by attempts that go wrong together", async () => {
    const { send, calls } = gateTo();
    const unregistered = { ...account, cnpj_empresa: "84429695000111" };
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(unregistered)));
    expect(answers.every((answer) => (answer as { status: number }).status === 500)).toBe(true);
    expect(calls.up).toBeWithin(1, 11);
  });

  test("that hangs lets go of an attempt that is aborted", async () => {
    const { gate } = gateTo();
    api.failNext("500", "no-answer");
    const stopping = new AbortController();
    const sending = gate.send("account", account, stopping.signal);
    const reason = new Error("the worker is stopping");
    setTimeout(() => stopping.abort(reason), 50);
    expect(await sending.catch((error: unknown) => error)).toBe(reason);
    expect(holds).toEqual([]);
  });
});
