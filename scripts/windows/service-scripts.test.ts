/**
 * What `service print` gives for Windows, printed by the Windows executable: that cmd passes on every value as it is.
 * What the values are is tested in test/service/.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { splitCommandLine } from "../../src/service/windows/words.ts";
import { StandIns } from "./stand-ins.ts";
import { WorkerBed } from "./worker-bed.ts";

const HANDLERS = 'C:\\Rotinas 100%\\"próprias" & ^novas! (2)';
const VARIABLES = "C:\\Domínio Sistemas\\variáveis.env";
const KEY = "C:\\Chaves & senhas\\chave 50%.txt";
const flags = ["--env-file", VARIABLES, "--secret-file", `FISCAUT_API_KEY_FILE=${KEY}`];
const runFlags = ["--handlers", HANDLERS];
const words = ["run", "--data-dir", "C:\\ProgramData\\fiscaut-tasks", ...runFlags, "--env-file", VARIABLES];

let bed: WorkerBed;
let standIns: StandIns;
beforeAll(async () => {
  bed = await WorkerBed.open();
  standIns = await StandIns.make(bed.wine);
});
afterAll(async () => {
  await bed?.[Symbol.asyncDispose]();
});

/** The script's head, and of its lines those that match: each takes Wine a second or two. */
async function callsOf(manager: string, lines: RegExp): Promise<string[][]> {
  const printed = await bed.run(["service", "print", "--manager", manager, ...flags, "--", ...runFlags]);
  expect({ code: await printed.exited, said: printed.errors }).toEqual({ code: 0, said: "" });
  const script = printed.output.split("\r\n").filter((line, at) => at < 6 || lines.test(line));
  return await standIns.callsOf(script.join("\r\n"));
}

test("NSSM is given the worker's words, the variables and the description as they are", async () => {
  const calls = await callsOf("nssm", /install|AppParameters|AppEnvironmentExtra|icacls.*txt/);
  const values = calls.map((call) => call.at(-1) ?? "");
  expect(calls.map(([program]) => program)).toEqual([
    "sc.exe",
    "nssm.exe",
    "nssm.exe",
    "nssm.exe",
    "icacls.exe",
  ]);
  expect(values[1]).toBe("C:\\Program Files\\fiscaut-tasks\\fiscaut-tasks.exe");
  expect(splitCommandLine(values[2] ?? "")).toEqual(words);
  expect(values[3]).toBe(`FISCAUT_API_KEY_FILE=${KEY}`);
  expect(calls[4]?.[1]).toBe(KEY);
  expect(values[4]).toBe("NT SERVICE\\fiscaut-tasks:R");
});

test("`sc` is given the service's command line as it is", async () => {
  const calls = await callsOf("windows", /create|EventMessageFile/);
  expect(calls.map(([program, verb]) => [program, verb])).toEqual([
    ["sc.exe", "query"],
    ["sc.exe", "create"],
    ["reg.exe", "add"],
  ]);
  expect(splitCommandLine(calls[1]?.[4] ?? "").slice(1)).toEqual([
    "windows-service",
    "fiscaut-tasks",
    ...words,
    "--log-file",
    "C:\\ProgramData\\fiscaut-tasks\\logs\\fiscaut-tasks.log",
  ]);
  expect(calls[2]).toContain("%SystemRoot%\\System32\\EventCreate.exe");
});

test("the task's file is UTF-16 with a byte order mark, as `schtasks /create /xml` reads it", async () => {
  const file = "C:\\test\\tarefa agendada.xml";
  const printed = await bed.run([
    ...["service", "print", "--manager", "schtasks", "--output", file, "--env-file", VARIABLES],
    ...["--", "--handlers", "C:\\Rotinas próprias"],
  ]);
  expect({ code: await printed.exited, said: printed.errors }).toEqual({ code: 0, said: "" });
  const bytes = readFileSync(bed.wine.hostPath(file));
  expect([...bytes.subarray(0, 2)]).toEqual([0xff, 0xfe]);
  const text = bytes.toString("utf16le");
  expect(text).toStartWith('\uFEFF<?xml version="1.0" encoding="UTF-16"?>\r\n<Task version="1.2"');
  expect(text).toContain("--handlers &quot;C:\\Rotinas próprias&quot;");
});

test("a missing nssm.exe is told with where to get it, and nothing is changed", async () => {
  const command = await bed.run(["service", "install", "--manager", "nssm"]);
  expect(await command.exited).toBe(1);
  expect(command.errors).toContain("https://nssm.cc/download");
});
