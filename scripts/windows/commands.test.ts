/** Commands of the Windows executable that need no database. Those that do are in the tests beside. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { version } from "../../package.json" with { type: "json" };
import { EXECUTABLE, WorkerBed } from "./worker-bed.ts";

let bed: WorkerBed;
beforeAll(async () => {
  bed = await WorkerBed.open();
});
afterAll(async () => {
  await bed?.[Symbol.asyncDispose]();
});

test("--version tells the version and that it was built for Windows", async () => {
  const command = await bed.run(["--version"]);
  expect(await command.exited).toBe(0);
  expect(command.output).toContain(version);
  expect(command.output).toContain("windows-x64");
});

test("Windows is told our name and version, and none of Bun's", async () => {
  const executable = Buffer.from(await Bun.file(EXECUTABLE).bytes());
  const holds = (text: string) => executable.includes(Buffer.from(text, "utf16le"));
  expect(holds("fiscaut-tasks: background-task worker for the Fiscaut connector")).toBe(true);
  expect(holds(`ProductVersion\0${version}`) || holds(`ProductVersion\0\0${version}`)).toBe(true);
  expect(holds("Oven")).toBe(false);
});

test("--help lists the commands", async () => {
  const command = await bed.run(["--help"]);
  expect(await command.exited).toBe(0);
  for (const name of ["run", "enqueue", "list", "show", "sync", "migrate"]) {
    expect(Bun.stripANSI(command.output)).toMatch(new RegExp(`^\\s*${name}\\b`, "m"));
  }
});

test("an unknown command ends with 2 and a hint", async () => {
  const command = await bed.run(["enqeue"]);
  expect(await command.exited).toBe(2);
  expect(command.errors).toContain("Try: ");
});

test("the data is kept in C:\\ProgramData by default", async () => {
  const command = await bed.run(["config", "show"]);
  expect(command.output).toContain("C:\\ProgramData\\fiscaut-tasks");
});

test("a .env and a bunfig.toml in the folder it starts in are not read", async () => {
  bed.wine.writeFile("C:\\strange\\.env", "FISCAUT_TASKS_PORT=1234\n");
  bed.wine.writeFile("C:\\strange\\bunfig.toml", 'preload = ["./preload.ts"]\n');
  bed.wine.writeFile("C:\\strange\\preload.ts", 'console.log("PRELOADED");\n');
  const command = await bed.run(["config", "show"], {}, "C:\\strange");
  expect(await command.exited).toBe(0);
  expect(command.output).not.toContain("1234");
  expect(command.describe()).not.toContain("PRELOADED");
});
