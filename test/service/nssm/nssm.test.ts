/** NSSM's settings. That they arrive through cmd as they are here is tested under Wine, in scripts/windows/. */
import { describe, expect, test } from "bun:test";
import type { Machine } from "../../../src/service/machine.ts";
import { nssmAt } from "../../../src/service/nssm/nssm.ts";
import { splitCommandLine } from "../../../src/service/windows/words.ts";
import { windowsService } from "../windows/definition.ts";

const nssm = nssmAt("C:\\NSSM\\win64\\nssm.exe");
const machine = { platform: "win32" } as Machine;
const steps = nssm
  .install(windowsService, { status: { state: "not installed", detail: "" }, hasUser: true }, machine)
  .flatMap((step) => (step.kind === "run" ? [[...step.argv]] : []));
const settings = Object.fromEntries(
  steps.flatMap(([program, verb, , name = "", ...values]) =>
    program === "C:\\NSSM\\win64\\nssm.exe" && verb === "set"
      ? [[[name, ...values.slice(0, -1)].join(" "), values.at(-1)]]
      : [],
  ),
);

describe("the install", () => {
  test("gives the worker its words as one value", () => {
    expect(steps[0]).toEqual([
      "C:\\NSSM\\win64\\nssm.exe",
      "install",
      "fiscaut-tasks",
      windowsService.executable,
    ]);
    expect(splitCommandLine(settings["AppParameters"] ?? "")).toEqual([
      ...windowsService.words,
      "--env-file",
      windowsService.envFile ?? "",
    ]);
    expect(settings["AppDirectory"]).toBe("C:\\Dados da contábil");
  });

  test("waits longer for Ctrl+C than the drain takes, and sends no messages to windows", () => {
    expect(Number(settings["AppStopMethodConsole"])).toBeGreaterThan(windowsService.drainTimeoutMs + 13_000);
    expect(settings["AppStopMethodSkip"]).toBe("6");
  });

  test("starts again after a failure, and not after a stop or with a wrong configuration", () => {
    expect(settings["AppExit Default"]).toBe("Restart");
    for (const code of [0, 2, 75, 78]) expect(settings[`AppExit ${code}`]).toBe("Exit");
    expect(settings["Start"]).toBe("SERVICE_DELAYED_AUTO_START");
  });

  test("keeps and rotates the output", () => {
    expect(settings["AppStdout"]).toBe("C:\\Dados da contábil\\logs\\fiscaut-tasks.log");
    expect(settings["AppStderr"]).toBe(settings["AppStdout"]);
    expect(settings["AppRotateOnline"]).toBe("1");
  });

  test("names files of secrets, and no secret", () => {
    expect(settings["AppEnvironmentExtra"]).toBe("FISCAUT_API_KEY_FILE=C:\\Chaves (2)\\fiscaut.txt");
  });

  test("runs it as an account of its own", () => {
    expect(steps).toContainEqual(["sc.exe", "config", "fiscaut-tasks", "obj=", "NT SERVICE\\fiscaut-tasks"]);
  });
});

test("a value that NSSM would change is refused", () => {
  const changed = { ...windowsService, words: ["run", "--handlers", "C:\\%TEMP%\\rotinas"] };
  expect(() => nssm.print(changed)).toThrow("NSSM would replace %TEMP%");
  expect(() => nssm.print({ ...windowsService, words: ["run", "--queue", "50% or 60%"] })).not.toThrow();
});

test("a missing nssm.exe is told with where to get it", async () => {
  const without = { ...machine, exists: () => false, find: () => undefined };
  expect(await nssmAt("D:\\nssm.exe").missing(without)).toBe("there is no D:\\nssm.exe");
  expect(await nssmAt(undefined).missing(without)).toBe("there is no nssm.exe on PATH");
  expect(nssm.cure).toContain("https://nssm.cc/download");
});
