/**
 * `bun scripts/bench/batch.ts [TASKS]`: how long the executable takes for a batch, of 100,000 tasks if not said otherwise,
 * and in how much memory. Beside it, in turn, a COPY of the same rows into a plain table: only ratios of one run count.
 */
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { openStore } from "../../src/store/connection.ts";
import { openEmbeddedPostgres } from "../../src/store/embedded/embedded-postgres.ts";
import { DIST } from "../build/paths.ts";
import { hostTarget } from "../build/targets.ts";
import { median } from "./measure/statistics.ts";

const count = Number(process.argv[2] ?? 100_000);
const rounds = 3;
/** No way of storing them is begun after this. */
const limitMs = 600_000;
const executable = join(DIST, hostTarget().executable);

/** A name without handler, so that the tasks stay. */
const lines = Array.from({ length: count }, (_, i) =>
  JSON.stringify({
    name: "bench",
    title: `${i} Fornecedor de Serviços Ltda`,
    payload: {
      cnpj_empresa: "12345678000195",
      nome_fornecedor: "Fornecedor de Serviços Ltda",
      cnpj_fornecedor: String(10_000_000_000_000 + i),
      codi_emp_odbc: 1,
      codi_for_odbc: String(i),
    },
  }),
);

const folder = await mkdtemp(join(tmpdir(), "fiscaut-tasks-batch-"));
// Started by root, Postgres runs as somebody else, who must be able to enter.
await chmod(folder, 0o755);
const ndjson = join(folder, "tasks.ndjson");
const json = join(folder, "tasks.json");
await Bun.write(ndjson, `${lines.join("\n")}\n`);
await Bun.write(json, `{"title": "bench", "tasks": [${lines.join(",")}]}`);

const postgres = await openEmbeddedPostgres({ dataDir: join(folder, "postgres") });
const env = { DATABASE_URL: postgres.url, HOME: folder, TMPDIR: folder };
const store = openStore({ url: postgres.url, applicationName: "bench", maxConnections: 1 });
const worker = await startWorker();
let commandPeak = 0;
try {
  const before = await peakOf(worker.child.pid);
  await store.sql`create table plain (id bigint generated always as identity, line text not null)`;
  const ways: Record<string, () => Promise<number>> = {
    "COPY into a plain table": copy,
    "enqueue --stdin-ndjson": enqueue,
    "POST /batches, NDJSON": () => post(ndjson, "application/x-ndjson"),
    "POST /batches, JSON": () => post(json, "application/json"),
  };
  const tookMs = Object.fromEntries(Object.keys(ways).map((way) => [way, [] as number[]]));
  for (let round = 0; round < rounds; round++)
    for (const [way, run] of Object.entries(ways)) {
      if (performance.now() > limitMs) throw new Error(`not done within ${limitMs} ms: ask for fewer tasks`);
      await store.sql`truncate plain, fiscaut_tasks.task, fiscaut_tasks.batch`;
      tookMs[way]?.push(await run());
    }
  report(tookMs);
  print(`peak memory: the command ${megabytes(commandPeak)} MB`);
  print(
    `the worker ${megabytes(before)} MB at rest, ${megabytes(await peakOf(worker.child.pid))} MB at most`,
  );
} finally {
  worker.child.kill("SIGTERM");
  await worker.child.exited;
  await store.close();
  await postgres.close();
  await rm(folder, { recursive: true, force: true });
}

async function copy(): Promise<number> {
  const startedAtMs = performance.now();
  // Of these lines, only the backslash means something to COPY.
  const rows = lines.map((line) => `${line.replaceAll("\\", "\\\\")}\n`);
  await pipeline(Readable.from(rows), await store.sql`copy plain (line) from stdin`.writable());
  return performance.now() - startedAtMs;
}

async function enqueue(): Promise<number> {
  const startedAtMs = performance.now();
  const child = Bun.spawn([executable, "enqueue", "--stdin-ndjson"], {
    cwd: folder,
    env,
    stdin: Bun.file(ndjson),
    stdout: "ignore",
    stderr: "inherit",
  });
  // Its own resource usage would be no less than this process's, of which it was once a copy.
  const watch = setInterval(async () => {
    commandPeak = Math.max(commandPeak, await peakOf(child.pid).catch(() => 0));
  }, 10);
  const code = await child.exited;
  const tookMs = performance.now() - startedAtMs;
  clearInterval(watch);
  if (code !== 0) throw new Error("the command failed");
  return tookMs;
}

async function post(path: string, contentType: string): Promise<number> {
  const startedAtMs = performance.now();
  const response = await fetch(`${worker.url}/batches`, {
    method: "POST",
    headers: { "content-type": contentType },
    body: Bun.file(path),
  });
  const { total } = (await response.json()) as { total?: number };
  if (total !== count) throw new Error(`${response.status}: ${total} tasks instead of ${count}`);
  return performance.now() - startedAtMs;
}

async function startWorker() {
  const port = 20_000 + Math.floor(Math.random() * 10_000);
  const child = Bun.spawn([executable, "run", "--port", String(port)], {
    cwd: folder,
    env,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
  });
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries++) {
    const ready = await fetch(`${url}/readyz`).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return { child, url };
    if (tries === 600) throw new Error("the worker did not become ready");
    await Bun.sleep(50);
  }
}

/** The most that it ever had resident, in bytes. */
async function peakOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}

function report(tookMs: Record<string, number[]>): void {
  const medians = Object.entries(tookMs).map(([way, all]): [string, number] => [way, median(all)]);
  const [[, alone] = ["", 1]] = medians;
  print(`median of ${rounds} times ${count} tasks`);
  for (const [way, ms] of medians) print(`| ${way} | ${ms.toFixed(0)} ms | ${(ms / alone).toFixed(1)} |`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
