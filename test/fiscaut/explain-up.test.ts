/** What is wrong with the API as a whole, in the operator's words: by real answers, and by their lack. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { createFiscautClient } from "../../src/fiscaut/client.ts";
import { explainUp, isUp } from "../../src/fiscaut/explain-up.ts";

const key = "the-right-key";
let server: Bun.Server<undefined>;
beforeAll(() => {
  const html = (status: number) =>
    new Response("<html>Sign in</html>", { status, headers: { "content-type": "text/html" } });
  server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    routes: {
      "/api/v1/up": (request) =>
        request.headers.get("authorization") === `Bearer ${key}`
          ? Response.json({ status: true, message: "up" })
          : Response.json({ message: "Unauthenticated." }, { status: 401 }),
      "/page/up": () => html(200),
      "/proxy/up": () => html(502),
      "/moved/up": () => Response.redirect("https://elsewhere.invalid/api/v1/up"),
      "/silent/up": () => new Promise<Response>(() => {}),
      "/down/up": () => Response.json({ message: "Service Unavailable" }, { status: 503 }),
    },
    fetch: () => Response.json({ message: "Not found." }, { status: 404 }),
  });
});
afterAll(() => server.stop(true));

const base = (path: string) => `http://127.0.0.1:${server.port}${path}`;
async function ask(baseUrl: string, apiKey = key) {
  const client = createFiscautClient({ baseUrl, apiKey, timeoutMs: 200 });
  const answer = await client.up(new AbortController().signal);
  return isUp(answer) ? undefined : explainUp(answer, client.baseUrl);
}

test("nothing is wrong with an API that is up and takes the key", async () => {
  expect(await ask(base("/api/v1/"))).toBeUndefined();
});

const wrong: [string, () => ReturnType<typeof ask>, words: RegExp, hint: RegExp][] = [
  [
    "a key that is refused",
    () => ask(base("/api/v1"), "old"),
    /^the Fiscaut API refuses the key \(401\)$/,
    /^correct FISCAUT_API_KEY/,
  ],
  [
    "a wrong path",
    () => ask(base("/v1")),
    /no Fiscaut API at \S+\/v1 \(404\)$/,
    /such as http:\S+\/api\/v1$/,
  ],
  [
    "a path that only ends as usual",
    () => ask(base("/other/api/v1")),
    /\(404\)$/,
    /such as http:\/\/127.0.0.1:\d+\/api\/v1$/,
  ],
  [
    "a redirect",
    () => ask(base("/moved")),
    /\/up redirects to https:\/\/elsewhere\.invalid\/api\/v1\/up \(302\)$/,
    /own address/,
  ],
  ["a page", () => ask(base("/page")), /\/up is answered with a web page \(200\), not by/, /check the path/],
  ["a proxy's page", () => ask(base("/proxy")), /a web page \(502\)/, /^the server behind its proxy/],
  ["one out of order", () => ask(base("/down")), /out of order \(503 Service Unavailable\)$/, /^ask whoever/],
  [
    "a port where nothing listens",
    () => ask("http://127.0.0.1:1"),
    /\(127\.0\.0\.1:1: connection refused\)$/,
    /host and port/,
  ],
  [
    "an unknown host",
    () => ask("http://fiscaut.invalid"),
    /\(fiscaut\.invalid: host name not found\)$/,
    /DNS/,
  ],
  [
    "a port without TLS",
    () => ask(base("/api/v1").replace("http:", "https:")),
    /: no TLS connection: The TLS/,
    /check https/,
  ],
  ["silence", () => ask(base("/silent")), /: no answer within 0\.2 s\)$/, /FISCAUT_TIMEOUT/],
];
for (const [what, asked, words, hint] of wrong)
  test(`${what} is told, with what to do`, async () => {
    expect(await asked()).toEqual({
      words: expect.stringMatching(words),
      hint: expect.stringMatching(hint),
    });
  });
