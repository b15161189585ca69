import { expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fail, pass, runChecks, skip, withGiven } from "../../../src/cli/doctor/check.ts";
import { configurationCheck } from "../../../src/cli/doctor/configuration.ts";
import { describeResults } from "../../../src/cli/doctor/describe-results.ts";
import { timeZoneCheck } from "../../../src/cli/doctor/machine/time-zone.ts";
import { examineConfig } from "../../../src/config/load.ts";
import { OperatorError } from "../../../src/task/errors.ts";
import { surroundings } from "../../config/surroundings.ts";

test("a check that hangs or throws fails by itself, and the others are told in their order", async () => {
  const checks = [
    { name: "hangs", look: () => new Promise<never>(() => {}) },
    {
      name: "throws",
      look: () => {
        throw new OperatorError("failed", "no good", { hint: "do better" });
      },
    },
    { name: "well", look: () => pass("all right") },
  ];
  expect(await runChecks(checks, 20)).toEqual([
    { name: "hangs", ...fail("no answer within 0.02 s", "see whether what it asks is overloaded or hangs") },
    { name: "throws", ...fail("no good", "do better") },
    { name: "well", ...pass("all right") },
  ]);
});

test("a line a check, but what was skipped for one reason stands in one", () => {
  const results = [
    { name: "a", ...fail("broken", "mend it") },
    { name: "b", ...skip("not looked at") },
    { name: "c", ...skip("not looked at") },
    { name: "d", ...skip("of no use") },
  ];
  expect([...describeResults(results)]).toEqual([
    "fail  a: broken. Cure: mend it",
    "skip  b, c: not looked at",
    "skip  d: of no use",
  ]);
});

async function lookAtConfiguration(given: Parameters<typeof surroundings>[0]) {
  const [result] = await runChecks(
    withGiven(examineConfig(surroundings(given)), [configurationCheck]),
    1_000,
  );
  return result;
}

test("the configuration: every fault in one line, else where its values come from", async () => {
  expect(
    await lookAtConfiguration({ env: { FISCAUT_TASKS_PORT: "x", FISCAUT_TASKS_LEASE: "1s" } }),
  ).toMatchObject({
    status: "fail",
    text: 'FISCAUT_TASKS_LEASE: "1s" is outside 5s to 1h; FISCAUT_TASKS_PORT: "x" is not a port (0 to 65535)',
  });
  expect(
    await lookAtConfiguration({ env: { FISCAUT_TASKS_PORT: "1" }, flags: { lease: "6s" } }),
  ).toMatchObject({
    status: "pass",
    text: "settings: 1 by flag, 1 by environment, the others by default; configuration file: none found",
  });
});

test.if(process.platform !== "win32")("a file that gives secrets away is warned of", async () => {
  const folder = mkdtempSync(join(tmpdir(), "fiscaut-tasks-doctor-"));
  const config = join(folder, "fiscaut-tasks.toml");
  const text = 'fiscaut-api-key = "canary"';
  writeFileSync(config, text);
  const given = { flags: { config }, files: { [config]: text } };
  chmodSync(config, 0o644);
  expect(await lookAtConfiguration(given)).toMatchObject({ status: "warn", cure: `chmod 600 ${config}` });
  chmodSync(config, 0o600);
  expect(await lookAtConfiguration(given)).toMatchObject({ status: "pass" });
  rmSync(folder, { recursive: true });
});

test("the time zones of schedules must be known", async () => {
  const lookAt = async (...timeZones: string[]) =>
    await timeZoneCheck.look(timeZones.map((timeZone) => ({ timeZone })) as never);
  expect(await lookAt("Asia/Kolkata")).toEqual(
    pass("America/Sao_Paulo (UTC-03:00), Asia/Kolkata (UTC+05:30)"),
  );
  expect(await lookAt("Moon/Tranquility")).toMatchObject({ status: "fail" });
});
