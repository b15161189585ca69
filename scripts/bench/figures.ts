/**
 * `bun run figures`: measures what the README tells of the Linux executable: size, start, memory at rest. Each start
 * is measured several times and its median and range are printed; compare only figures of one run.
 */
import { chmod, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEmbeddedPostgres } from "../../src/store/embedded/embedded-postgres.ts";
import { DIST } from "../build/paths.ts";
import { hostTarget } from "../build/targets.ts";
import { spreadOf } from "./measure/statistics.ts";

const executable = join(DIST, hostTarget().executable);
const rounds = 7;
const restMs = 15_000;
const limitMs = 60_000;

const folder = await mkdtemp(join(tmpdir(), "fiscaut-tasks-figures-"));
// Started by root, Postgres runs as somebody else, who must be able to enter.
await chmod(folder, 0o755);
const arrivals: (() => void)[] = [];
/** A Fiscaut API that says yes; a call's arrival is the first task's start. */
const api = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch() {
    arrivals.shift()?.();
    return Response.json({ status: true, message: "Saved." }, { status: 201 });
  },
});
const baseEnv = {
  FISCAUT_API_URL: `http://127.0.0.1:${api.port}`,
  FISCAUT_API_KEY: "figures",
  FISCAUT_RATE: "off",
};

try {
  await measure();
} finally {
  await api.stop(true);
  await rm(folder, { recursive: true, force: true });
}

async function measure(): Promise<void> {
  await Bun.write(join(folder, "geempre.csv"), "codi_emp,cgce_emp,razao_emp\n1,33000167000101,A\n");
  await Bun.write(
    join(folder, "effornece.csv"),
    "codi_emp,codi_for,cgce_for,nome_for,codi_cta\n1,1,71673990000177,B,\n",
  );
  const own = { ...baseEnv, FISCAUT_TASKS_DATA_DIR: join(folder, "embedded") };
  const bytes = (await stat(executable)).size;
  const packed = Bun.zstdCompressSync(await readFile(executable)).byteLength;
  row("size", `${megabytes(bytes)} MB (${megabytes(packed)} MB as .zst)`);
  row("`--version`", await repeat(() => timeOf(() => toEnd(["--version"], {}))));

  const firstStarts = await repeat(async (round) => {
    const env = { ...own, FISCAUT_TASKS_DATA_DIR: join(folder, `first ${round}`) };
    return await timeToReady(env);
  }, 3);
  row("first start of all on a new machine to ready (unpack, initdb)", firstStarts);
  row("start to first task, embedded Postgres", await repeat(() => timeToFirstTask(own)));

  const postgres = await openEmbeddedPostgres({ dataDir: join(folder, "external") });
  try {
    const env = { ...baseEnv, DATABASE_URL: postgres.url };
    await toEnd(["migrate"], env);
    row("start to first task, Postgres at `DATABASE_URL`", await repeat(() => timeToFirstTask(env)));
  } finally {
    await postgres.close();
  }

  const worker = start(["run", "--port", "0"], own);
  await Bun.sleep(restMs);
  row("resident memory at rest, worker", `${megabytes(await memoryOf(worker.pid, "Rss"))} MB`);
  row(
    "proportional memory at rest, its Postgres",
    `${megabytes(await postgresMemory(own.FISCAUT_TASKS_DATA_DIR))} MB`,
  );
  await stop(worker);
}

/** From the spawn to the call that the first task makes; the task waits before the worker starts. */
async function timeToFirstTask(env: Record<string, string>): Promise<number> {
  await toEnd(["company", "enable", "1"], env);
  await toEnd(["sync", "suppliers", "--company", "1", "--force", "--source", `csv:${folder}`], env);
  const arrived = new Promise<void>((resolve) => arrivals.push(resolve));
  const startedAtMs = performance.now();
  const worker = start(["run", "--port", "0"], env);
  await Promise.race([arrived, tooLate("no task was run")]);
  const tookMs = performance.now() - startedAtMs;
  await stop(worker);
  return tookMs;
}

async function timeToReady(env: Record<string, string>): Promise<number> {
  const port = 20_000 + Math.floor(Math.random() * 10_000);
  const startedAtMs = performance.now();
  const worker = start(["run", "--port", String(port)], env);
  while (
    !(await fetch(`http://127.0.0.1:${port}/readyz`).then(
      (r) => r.ok,
      () => false,
    ))
  ) {
    if (performance.now() - startedAtMs > limitMs) throw new Error("the worker did not become ready");
    await Bun.sleep(5);
  }
  const tookMs = performance.now() - startedAtMs;
  await stop(worker);
  return tookMs;
}

async function repeat(once: (round: number) => Promise<number>, times = rounds): Promise<string> {
  const tookMs: number[] = [];
  for (let round = 0; round < times; round++) tookMs.push(await once(round));
  const { median, least, most } = spreadOf(tookMs);
  return `${median.toFixed(0)} ms (${least.toFixed(0)} to ${most.toFixed(0)}, ${times} times)`;
}

async function timeOf(work: () => Promise<void>): Promise<number> {
  const startedAtMs = performance.now();
  await work();
  return performance.now() - startedAtMs;
}

function start(words: string[], env: Record<string, string>) {
  return Bun.spawn([executable, ...words], {
    cwd: folder,
    env,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
  });
}

async function toEnd(words: string[], env: Record<string, string>): Promise<void> {
  const code = await start(words, env).exited;
  if (code !== 0) throw new Error(`${words.join(" ")} ended with ${code}`);
}

async function stop(child: Bun.Subprocess): Promise<void> {
  child.kill("SIGTERM");
  if ((await child.exited) !== 0) throw new Error(`the worker ended with ${child.exitCode}`);
}

async function tooLate(what: string): Promise<never> {
  await Bun.sleep(limitMs);
  throw new Error(`${what} within ${limitMs} ms`);
}

/** Bytes; "Pss" counts a page that n processes share as 1/n. */
async function memoryOf(pid: number, what: "Rss" | "Pss"): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
  return Number(new RegExp(`^${what}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0) * 1024;
}

/** The postmaster and its children. */
async function postgresMemory(dataDir: string): Promise<number> {
  const [postmaster] = (await readFile(join(dataDir, "database/postmaster.pid"), "utf8")).split("\n");
  let bytes = 0;
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const parent = /^PPid:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, "utf8").catch(() => ""))?.[1];
    if (pid === postmaster || parent === postmaster)
      bytes += await memoryOf(Number(pid), "Pss").catch(() => 0);
  }
  return bytes;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

function row(what: string, figure: string): void {
  process.stdout.write(`| ${what} | ${figure} |\n`);
}
