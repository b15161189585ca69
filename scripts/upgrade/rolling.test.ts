/**
 * A rolling upgrade, from the previous commit's executable to this one: old and new workers on one database, and a new
 * file put in the place of one that runs. Every task runs once, and nothing is lost.
 */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { copyFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openEmbeddedPostgres } from "../../src/store/embedded/embedded-postgres.ts";
import { endLeftovers, executable, execute, makeFolder, startRun } from "../../test/e2e/executable.ts";
import { until } from "../../test/until.ts";
import { buildPrevious } from "./previous-executable.ts";

const tasks = 600;
let previous: string;
let folder: Awaited<ReturnType<typeof makeFolder>>;
let postgres: Awaited<ReturnType<typeof openEmbeddedPostgres>>;
let installed: string;

beforeAll(async () => {
  previous = (await buildPrevious(() => {})).path;
  folder = await makeFolder();
  postgres = await openEmbeddedPostgres({ dataDir: join(folder.path, "data") });
  const handlers = join(folder.path, "handlers");
  await mkdir(handlers);
  for (const [name, isolate] of [
    ["note", false],
    ["note-apart", true],
  ] as const)
    await writeFile(join(handlers, `${name}.ts`), handler(isolate));
  installed = join(folder.path, "fiscaut-tasks");
}, 120_000);
afterEach(() => endLeftovers());
afterAll(async () => {
  await postgres.close();
  folder.remove();
});

const notes = () => join(folder.path, "notes");
const env = () => ({ DATABASE_URL: postgres.url, FISCAUT_TASKS_HANDLERS: join(folder.path, "handlers") });
const flags = ["--concurrency", "5", "--lease", "5s"];

/** Notes its payload, a line an attempt, so that one that runs twice is seen. */
const handler = (isolate: boolean) => `
import { appendFileSync } from "node:fs";
import { defineHandler } from "fiscaut-tasks";
export default defineHandler({
  isolate: ${isolate},
  async run(n) {
    await Bun.sleep(5);
    appendFileSync(${JSON.stringify(join(folder.path, "notes"))}, n + "\\n");
  },
});
`;

async function noted(): Promise<string[]> {
  const text = await readFile(notes(), "utf8").catch(() => "");
  return text.split("\n").filter((line) => line !== "");
}

/** By the executable given, and to its end. */
async function command(program: string, words: string[], stdin?: string): Promise<string> {
  const { exitCode, stdout, stderr } = await execute(words, env(), stdin, program);
  if (exitCode !== 0) throw new Error(`${words.join(" ")}: ${stderr}`);
  return stdout;
}

/** As one batch of `note` tasks with these payloads. */
async function enqueue(program: string, from: number, to: number): Promise<void> {
  const lines = Array.from({ length: to - from }, (_, index) => JSON.stringify({ payload: from + index }));
  await command(program, ["enqueue", "note", "--stdin-ndjson"], lines.join("\n"));
}

/** As a package or an operator's copy does: written beside, then renamed over the one that runs. */
async function install(program: string): Promise<void> {
  await copyFile(program, `${installed}.new`);
  await rename(`${installed}.new`, installed);
}

test("old and new workers side by side, one stopped after the other, run every task once", async () => {
  await command(previous, ["migrate"]);
  await enqueue(previous, 0, tasks);
  const old = await Promise.all([startRun(flags, env(), previous), startRun(flags, env(), previous)]);
  await until(async () => (await noted()).length > 20);

  const first = await startRun(flags, env());
  await enqueue(executable, tasks, 2 * tasks);
  expect(await old[0]?.stop()).toBe(0);
  // As a supervisor may start it once more before its server's turn has come.
  const again = await startRun(flags, env(), previous);
  const second = await startRun(flags, env());
  await enqueue(previous, 2 * tasks, 3 * tasks);
  expect(await old[1]?.stop()).toBe(0);
  expect(await again.stop()).toBe(0);

  await until(async () => (await noted()).length >= 3 * tasks, 60_000);
  expect(await first.stop()).toBe(0);
  expect(await second.stop()).toBe(0);
  const all = await noted();
  expect(all.length).toBe(3 * tasks);
  expect(new Set(all).size).toBe(3 * tasks);
  expect(JSON.parse(await command(executable, ["list", "--state", "failed", "--json"]))).toEqual([]);
}, 120_000);

test("a worker whose file is replaced goes on, processes of its own included, and its restart is the new one", async () => {
  await rm(notes(), { force: true });
  await install(previous);
  const worker = await startRun(flags, env(), installed);
  await install(executable);
  await command(installed, ["enqueue", "note-apart", "1"]);
  await until(async () => (await noted()).length === 1, 20_000);
  expect(await worker.stop()).toBe(0);

  const restarted = await startRun(flags, env(), installed);
  await command(installed, ["enqueue", "note-apart", "2"]);
  await until(async () => (await noted()).length === 2, 20_000);
  expect(await restarted.stop()).toBe(0);
}, 60_000);
