/** The native Windows service's registration, and what all Windows services share. */
import { describe, expect, test } from "bun:test";
import type { Machine } from "../../../src/service/machine.ts";
import type { Step } from "../../../src/service/manager.ts";
import { readQuery, serviceStatus } from "../../../src/service/windows/control.ts";
import { windows } from "../../../src/service/windows/windows.ts";
import { splitCommandLine } from "../../../src/service/windows/words.ts";
import { windowsService } from "./definition.ts";

const machine = { platform: "win32" } as Machine;
const found = { status: { state: "not installed", detail: "" }, hasUser: true } as const;
const argvs = (steps: readonly Step[]) =>
  steps.flatMap((step) => (step.kind === "run" ? [[...step.argv]] : []));

describe("the install", () => {
  const steps = argvs(windows.install(windowsService, found, machine));

  test("creates the service with an account of its own and the whole command line", () => {
    const create = steps[0] ?? [];
    expect(create.slice(0, 4)).toEqual(["sc.exe", "create", "fiscaut-tasks", "binPath="]);
    expect(splitCommandLine(create[4] ?? "")).toEqual([
      windowsService.executable,
      "windows-service",
      "fiscaut-tasks",
      ...windowsService.words,
      "--env-file",
      "C:\\Domínio Sistemas\\variáveis.env",
      "--log-file",
      "C:\\Dados da contábil\\logs\\fiscaut-tasks.log",
    ]);
    expect(create.slice(5)).toEqual(["obj=", "NT SERVICE\\fiscaut-tasks"]);
  });

  test("starts it late at boot, and again after every failure", () => {
    expect(steps.find((argv) => argv[1] === "config")).toEqual(
      expect.arrayContaining(["start=", "delayed-auto"]),
    );
    expect(steps).toContainEqual([
      ...["sc.exe", "failure", "fiscaut-tasks", "reset=", "86400"],
      ...["actions=", "restart/5000/restart/30000/restart/60000"],
    ]);
    expect(steps).toContainEqual(["sc.exe", "failureflag", "fiscaut-tasks", "1"]);
  });

  test("closes the data folder and the files of secrets to everybody else", () => {
    const closed = steps.filter(([program]) => program === "icacls.exe");
    expect(closed.map(([, path]) => path)).toEqual([
      "C:\\Dados da contábil",
      "C:\\Chaves (2)\\fiscaut.txt",
      "C:\\Domínio Sistemas\\variáveis.env",
    ]);
    for (const argv of closed) expect(argv).toContain("/inheritance:r");
    expect(closed[1]?.at(-1)).toBe("NT SERVICE\\fiscaut-tasks:R");
  });

  test("of a service that is there changes it and creates none", () => {
    const again = windows.install(
      windowsService,
      { status: { state: "running", detail: "" }, hasUser: true },
      machine,
    );
    expect(argvs(again).some((argv) => argv[1] === "create")).toBe(false);
    expect(argvs(again)).toEqual(steps.slice(1));
  });

  test("leaves an account with a password to the operator", () => {
    const owned = { ...windowsService, user: "ESCRITORIO\\fiscal" };
    const argv = argvs(windows.install(owned, found, machine)).find((each) => each[1] === "config") ?? [];
    expect(argv).not.toContain("obj=");
    expect(windows.afterInstall(owned)[0]).toContain("services.msc");
  });
});

describe("the status", () => {
  const query = (state: string, win32 = 0, own = 0) =>
    [
      "",
      "NOME_DO_SERVIÇO: fiscaut-tasks",
      "        TIPO               : 10  WIN32_OWN_PROCESS",
      `        ESTADO             : ${state}`,
      "                                (STOPPABLE, NOT_PAUSABLE, ACCEPTS_SHUTDOWN)",
      `        CÓD_SAÍDA_WIN32    : ${win32}  (0x0)`,
      `        CÓD_SAÍDA_SERVIÇO  : ${own}  (0x0)`,
      "        PONTO_DE_VERIFICAÇÃO : 0x0",
      "        AGUARDAR_DICA      : 0x0",
      "",
    ].join("\r\n");

  test("is read whatever language Windows speaks", () => {
    expect(readQuery(query("4  RUNNING"))).toEqual({ state: "running", detail: "RUNNING" });
    expect(readQuery(query("2  START_PENDING")).state).toBe("starting");
    expect(readQuery(query("3  STOP_PENDING")).state).toBe("stopping");
    expect(readQuery(query("1  STOPPED")).state).toBe("stopped");
    expect(readQuery(query("1  STOPPED", 1077)).state).toBe("stopped");
    expect(readQuery(query("7  PAUSED")).state).toBe("failed");
  });

  test("tells the service's own exit code", () => {
    expect(readQuery(query("1  STOPPED", 1066, 78))).toEqual({
      state: "failed",
      detail: "STOPPED, exit code 78",
    });
    expect(readQuery(query("1  STOPPED", 1053)).detail).toContain("1053");
  });

  test("of no such service is no error", async () => {
    const answering = {
      run: async () => ({ exitCode: 1060 & 0xff, stdout: "", stderr: "" }),
    } as unknown as Machine;
    expect(await serviceStatus("fiscaut-tasks", answering)).toMatchObject({ state: "not installed" });
  });
});
