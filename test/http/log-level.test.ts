/** The log's level over HTTP. */
import { afterAll, expect, test } from "bun:test";
import { LevelSwitch } from "../../src/log/level-switch.ts";
import { until } from "../until.ts";
import { buildApp, openUnreachableStore, postJson } from "./app-under-test.ts";

const store = openUnreachableStore();
afterAll(() => store.close());
const logger = { level: "info" as "info" | "debug" | "warn" | "error" };
const app = buildApp(store, { logLevel: new LevelSwitch(logger) });
const patch = (body: unknown) =>
  app.request("http://localhost/log-level", { ...postJson(body), method: "PATCH" });

test("is shown, changed for good, and changed for a while", async () => {
  const answer = await app.request("http://localhost/log-level");
  expect(await answer.json()).toEqual({ level: "info", configured: "info", until: null });
  expect(await (await patch({ level: "warn" })).json()).toEqual({
    level: "warn",
    configured: "info",
    until: null,
  });
  expect(logger.level).toBe("warn");
  const { until: end } = (await (await patch({ level: "debug", for: "50ms" })).json()) as { until: string };
  expect(logger.level).toBe("debug");
  await until(() => logger.level === "info");
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(end));
});

test.each([
  [{ level: "loud" }, /^level: /],
  [{ level: "info", for: "soon" }, /^for: is not a duration/],
  [{}, /^level: /],
])("refuses %j", async (body, detail) => {
  const answer = await patch(body);
  expect(answer.status).toBe(400);
  expect(((await answer.json()) as { detail: string }).detail).toMatch(detail);
});
