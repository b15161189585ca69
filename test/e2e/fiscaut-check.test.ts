/** `fiscaut check`: its output and exit code. What is wrong with which API is `fiscaut/explain-up.test.ts`'s affair. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type FiscautStandIn, startFiscautStandIn } from "../fiscaut-api/stand-in.ts";
import { execute, executeJson } from "./executable.ts";

const key = "the-right-key";
let api: FiscautStandIn;
let env: Record<string, string>;
beforeAll(() => {
  api = startFiscautStandIn({ apiKey: key, companies: [] });
  env = { FISCAUT_API_URL: api.url, FISCAUT_API_KEY: key };
});
afterAll(() => api.stop());

test("says that all is fine, with the time that it took, and asks no database", async () => {
  const { exitCode, stdout, stderr } = await execute(["fiscaut", "check"], {
    ...env,
    DATABASE_URL: "postgres://127.0.0.1:1/none",
  });
  expect(stdout).toMatch(/^the Fiscaut API at http:\S+\/api\/v1 is up and takes the key \(\d+ ms\)\n$/);
  expect([exitCode, stderr]).toEqual([0, ""]);
});

test("says in words what is wrong, with exit code 1 and never the key", async () => {
  const refused = await execute(["fiscaut", "check"], { ...env, FISCAUT_API_KEY: "an-old-key" });
  expect(refused).toEqual({
    exitCode: 1,
    stdout: "",
    stderr:
      "error: the Fiscaut API refuses the key (401)\nTry: correct FISCAUT_API_KEY and start the worker again\n",
  });
});

test("says which setting is missing, or is none", async () => {
  const neither = await execute(["fiscaut", "check"]);
  expect(neither.stderr).toStartWith("error: FISCAUT_API_URL and FISCAUT_API_KEY are not set\nTry: set both");
  const noKey = await execute(["fiscaut", "check", "--fiscaut-api-url", api.url]);
  expect(noKey.stderr).toStartWith("error: FISCAUT_API_KEY is not set\n");
  expect([neither.exitCode, noKey.exitCode]).toEqual([1, 1]);
  const noUrl = await execute(["fiscaut", "check"], { ...env, FISCAUT_API_URL: "fiscaut.example/api/v1" });
  expect(noUrl.stderr).toContain('"fiscaut.example/api/v1" is not an http:// or https:// URL');
  expect(noUrl.exitCode).toBe(78);
});

test("--json has the same for programs", async () => {
  expect(await executeJson<unknown>(["fiscaut", "check"], env)).toEqual({
    url: api.url,
    ok: true,
    elapsedMs: expect.any(Number),
    fault: null,
    hint: null,
  });
  const refused = await execute(["fiscaut", "check", "--json"], { ...env, FISCAUT_API_KEY: "an-old-key" });
  expect(JSON.parse(refused.stdout)).toMatchObject({ ok: false, fault: expect.stringContaining("401") });
  expect(refused.exitCode).toBe(1);
});
