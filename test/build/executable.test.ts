/** The executable of this machine, as an operator gets it: one file, in a folder that means it no good. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmod, copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { version } from "../../package.json" with { type: "json" };
import { buildEditorFiles } from "../../scripts/build/editor-files.ts";
import { buildExecutable } from "../../scripts/build/executable.ts";
import { buildPostgresArchive } from "../../scripts/build/postgres-archive.ts";
import { hostTarget } from "../../scripts/build/targets.ts";

const target = hostTarget();
let folder: string;
let executable: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fiscaut-tasks-build-"));
  await buildPostgresArchive(target);
  await buildEditorFiles();
  executable = (await buildExecutable(target, { path: join(folder, "built", "fiscaut-tasks") })).path;
}, 120_000);

afterAll(() => rm(folder, { recursive: true }));

/** Runs a copy of the executable alone in a folder, without an environment. */
async function runIn(cwd: string, ...command: string[]) {
  const copy = join(cwd, "fiscaut-tasks");
  await copyFile(executable, copy);
  await chmod(copy, 0o755);
  const { exitCode, stdout, stderr } = Bun.spawnSync([copy, ...command], { cwd, env: {} });
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

test("it tells its version and target with no file beside it", async () => {
  const { exitCode, stdout } = await runIn(await mkdtemp(join(folder, "alone-")), "--version");
  expect(exitCode).toBe(0);
  expect(stdout).toContain(version);
  expect(stdout).toContain(target.name);
});

test("its allocator has our defaults, which the environment still overrides", async () => {
  const ask = (environment: Record<string, string>) => {
    const env = { MIMALLOC_VERBOSE: "1", ...environment };
    const { stderr } = Bun.spawnSync([executable, "--version"], { cwd: folder, env });
    return stderr.toString();
  };
  expect(ask({})).toMatch(/'purge_delay': 1000\b/);
  expect(ask({})).toMatch(/'purge_holes': 0\b/);
  expect(ask({ MIMALLOC_PURGE_HOLES: "1" })).toMatch(/'purge_holes': 1\b/);
});

test("its compiler has our default, which the environment still overrides", () => {
  const ask = (environment: Record<string, string>) => {
    const env = { BUN_JSC_dumpOptions: "2", ...environment };
    return Bun.spawnSync([executable, "--version"], { cwd: folder, env }).stderr.toString();
  };
  const threshold = "thresholdForFTLOptimizeAfterWarmUp";
  expect(ask({})).toMatch(new RegExp(`${threshold}=1000000\\b`));
  expect(ask({ [`BUN_JSC_${threshold}`]: "64000" })).toMatch(new RegExp(`${threshold}=64000\\b`));
});

test("it reads neither .env nor bunfig.toml from the folder that it is started in", async () => {
  const hostile = await mkdtemp(join(folder, "hostile-"));
  await writeFile(join(hostile, ".env"), "FISCAUT_TASKS_PORT=9\nFISCAUT_TASKS_HOST=hostile.example\n");
  await writeFile(join(hostile, "bunfig.toml"), 'preload = ["./preload.ts"]\n');
  await writeFile(join(hostile, "preload.ts"), 'console.log("preloaded");\n');
  const { exitCode, stdout, stderr } = await runIn(hostile, "config", "show");
  expect(exitCode).toBe(0);
  expect(stdout).toContain("8430");
  expect(stdout + stderr).not.toMatch(/hostile\.example|preloaded/);
});

test("the same sources give the same bytes", async () => {
  const again = await buildExecutable(target, { path: join(folder, "again", "fiscaut-tasks") });
  const [one, other] = await Promise.all([digest(executable), digest(again.path)]);
  expect(other).toBe(one);
});

async function digest(path: string): Promise<string> {
  return new Bun.CryptoHasher("sha256").update(await Bun.file(path).bytes()).digest("hex");
}
