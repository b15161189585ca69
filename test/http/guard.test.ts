/** Who may ask: the token, other sites' pages, foreign names of this machine, and what a body must say of itself. */
import { afterAll, describe, expect, test } from "bun:test";
import { OperatorError } from "../../src/task/errors.ts";
import { buildApp, openUnreachableStore, postJson } from "./app-under-test.ts";

// The guard stands before the routes. Behind it these are answered without the database.
const passed = { get: 200, post: 404 };
const got = "/";
const posted = "/nowhere";
const store = openUnreachableStore();
afterAll(() => store.close());

const open = buildApp(store);
const withToken = buildApp(store, { token: "s3cret-token", loopbackOnly: false });

async function statusOf(
  app: typeof open,
  path: string,
  headers: Record<string, string>,
  init: RequestInit = {},
) {
  return (await app.request(path, { ...init, headers: { ...headers, ...(init.headers as object) } })).status;
}

describe("with a token", () => {
  test("the right one passes, whatever the case of the scheme", async () => {
    for (const authorization of ["Bearer s3cret-token", "bearer s3cret-token", "Bearer  s3cret-token"])
      expect(await statusOf(withToken, got, { authorization })).toBe(passed.get);
  });

  test("none, a wrong one or another scheme is 401 on every route, known or not", async () => {
    const headers = [
      {},
      { authorization: "Bearer" },
      { authorization: "Bearer " },
      { authorization: "Bearer s3cret-toke" },
      { authorization: "Bearer s3cret-token x" },
      { authorization: "Basic s3cret-token" },
      { authorization: "s3cret-token" },
    ] as Record<string, string>[];
    for (const path of ["/", "/health", "/tasks", "/tasks/1", "/batches/1", "/nowhere", "/livez/", "//livez"])
      for (const given of headers)
        expect([path, given, await statusOf(withToken, path, given)]).toEqual([path, given, 401]);
    for (const path of ["/tasks", "/tasks/1/retry", "/tasks/1/cancel"])
      expect(await statusOf(withToken, path, {}, postJson({}))).toBe(401);
  });

  test("401 says how to authenticate and repeats no token", async () => {
    const bare = await withToken.request("/tasks");
    expect(bare.headers.get("www-authenticate")).toBe('Bearer realm="fiscaut-tasks"');
    expect(bare.headers.get("content-type")).toBe("application/problem+json");
    const wrong = await withToken.request("/tasks", { headers: { authorization: "Bearer guessed" } });
    expect(wrong.headers.get("www-authenticate")).toBe('Bearer realm="fiscaut-tasks", error="invalid_token"');
    expect(await wrong.text()).not.toMatch(/guessed|s3cret/);
  });

  test("probes are answered without one", async () => {
    expect(await statusOf(withToken, "/livez", {})).toBe(200);
    expect(await statusOf(withToken, "/readyz", {})).toBe(503); // the database is away
  });

  test("any Host may be asked for", async () => {
    const authorization = "Bearer s3cret-token";
    expect(await statusOf(withToken, got, { authorization, host: "tasks.example" })).toBe(passed.get);
  });

  test("an empty one is no way in", async () => {
    const app = buildApp(store, { token: "" });
    for (const given of [{}, { authorization: "Bearer " }, { authorization: "Bearer" }] as Record<
      string,
      string
    >[])
      expect(await statusOf(app, got, given)).toBe(401);
  });
});

test("other machines may not come in without a token: no such app is made", () => {
  expect(() => buildApp(store, { loopbackOnly: false })).toThrow(OperatorError);
});

describe("a page of another site is refused", () => {
  const host = "127.0.0.1:8430";

  test("by its Origin, which must be the host that is asked", async () => {
    for (const origin of ["http://evil.example", "http://127.0.0.1:3000", "null", "not a url"]) {
      expect(await statusOf(open, got, { host, origin })).toBe(403);
      expect(await statusOf(open, "/tasks", { host }, postJson({ name: "x" }, { origin }))).toBe(403);
    }
    expect(await statusOf(open, got, { host, origin: "http://127.0.0.1:8430" })).toBe(passed.get);
    expect(await statusOf(open, got, { host: "LOCALHOST:8430", origin: "http://localhost:8430" })).toBe(
      passed.get,
    );
  });

  test("by Sec-Fetch-Site", async () => {
    expect(await statusOf(open, got, { host, "sec-fetch-site": "cross-site" })).toBe(403);
    for (const site of ["same-origin", "none"])
      expect(await statusOf(open, got, { host, "sec-fetch-site": site })).toBe(passed.get);
  });

  test("even with the token", async () => {
    const headers = { authorization: "Bearer s3cret-token", host: "tasks.example" };
    expect(await statusOf(withToken, got, { ...headers, origin: "https://evil.example" })).toBe(403);
    expect(await statusOf(withToken, got, { ...headers, origin: "https://tasks.example" })).toBe(passed.get);
  });
});

describe("without a token", () => {
  test("a Host that is not loopback is refused, for a page's own name may point here", async () => {
    for (const host of [
      "evil.example",
      "evil.example:8430",
      "127.0.0.1.evil.example",
      "10.0.0.1:8430",
      "localhost.evil.example",
    ]) {
      expect(await statusOf(open, got, { host })).toBe(403);
      expect(await statusOf(open, "/livez", { host })).toBe(403);
    }
  });

  test("every loopback name passes", async () => {
    for (const host of ["localhost", "localhost:8430", "127.0.0.1:8430", "127.1.2.3", "[::1]:8430", "[::1]"])
      expect(await statusOf(open, got, { host })).toBe(passed.get);
  });
});

describe("a body", () => {
  const post = (path: string, headers: Record<string, string>, body?: string) =>
    statusOf(open, path, headers, body === undefined ? { method: "POST" } : { method: "POST", body });

  test("that is not said to be JSON is 415", async () => {
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "application/jsonp",
      "multipart/form-data",
    ])
      expect(await post(posted, { "content-type": type }, '{"name":"x"}')).toBe(415);
    expect(await post(posted, { "content-length": "1" }, "x")).toBe(415);
    expect(await post(posted, { "transfer-encoding": "chunked" }, "x")).toBe(415);
  });

  test("may name its character set", async () => {
    for (const type of [
      "application/json",
      "Application/JSON; charset=utf-8",
      "application/json;charset=UTF-8",
    ])
      expect(await post(posted, { "content-type": type }, '{"name":"x"}')).toBe(passed.post);
  });

  test("that is absent needs no type", async () => {
    expect(await post(posted, {})).toBe(passed.post);
    expect(await post(posted, { "content-type": "text/plain", "content-length": "0" })).toBe(passed.post);
  });
});
