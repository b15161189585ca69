/**
 * `bun scripts/bench/sync.ts [SUPPLIERS]`: how long a sync takes to read and enqueue one company's suppliers, 50,000 if not
 * said otherwise, the first time, unchanged and with one of ten changed, and in how much memory: as a command, and as a
 * worker's task. Beside it, in turn, a COPY of the same rows into a plain table: only ratios of one run count.
 */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { checkDocument } from "../../src/fiscaut/cnpj.ts";
import { openStore } from "../../src/store/connection.ts";
import { openEmbeddedPostgres } from "../../src/store/embedded/embedded-postgres.ts";
import { DIST } from "../build/paths.ts";
import { hostTarget } from "../build/targets.ts";
import { median } from "./measure/statistics.ts";

const count = Number(process.argv[2] ?? 50_000);
const rounds = 3;
const executable = join(DIST, hostTarget().executable);

const folder = await mkdtemp(join(tmpdir(), "fiscaut-tasks-sync-"));
// Started by root, Postgres runs as somebody else, who must be able to enter.
await chmod(folder, 0o755);
const documents = Array.from({ length: count }, (_, n) => documentOf(n));
const postgres = await openEmbeddedPostgres({ dataDir: join(folder, "postgres") });
const env = {
  DATABASE_URL: postgres.url,
  FISCAUT_SOURCE: `csv:${folder}`,
  HOME: folder,
  TMPDIR: folder,
};
const store = openStore({ url: postgres.url, applicationName: "bench", maxConnections: 1 });
const tookMs: Record<string, number[]> = {};
let commandPeak = 0;
let workerPeak = 0;
try {
  await writeSource(0);
  await command(["migrate"]);
  await store.sql`create table plain (id bigint generated always as identity, line text not null)`;
  await command(["company", "enable", "1"]);
  for (let round = 0; round < rounds; round++) {
    await store.sql`truncate plain, fiscaut_tasks.task, fiscaut_tasks.batch, fiscaut_tasks.sync_record`;
    await writeSource(0);
    await timed("COPY into a plain table", copy);
    const sync = ["sync", "suppliers", "--company", "1"];
    await timed("sync, the first time", () => command(sync));
    await store.sql`update fiscaut_tasks.sync_record set status = 'synced', synced_hash = content_hash`;
    await store.sql`truncate fiscaut_tasks.task`;
    await store.sql`vacuum analyze fiscaut_tasks.sync_record`;
    await timed("sync, nothing changed", () => command(sync));
    await writeSource(round + 1);
    await timed("sync, one of ten changed", () => command(sync));
  }
  await asTask();
  report();
} finally {
  await store.close();
  await postgres.close();
  await rm(folder, { recursive: true, force: true });
}

/** Every tenth has the version in its name. */
async function writeSource(version: number): Promise<void> {
  await Bun.write(
    join(folder, "geempre.csv"),
    `codi_emp,cgce_emp,razao_emp\n1,${documentOf(count)},COMPANY\n`,
  );
  await Bun.write(
    join(folder, "effornece.csv"),
    `codi_emp,codi_for,cgce_for,nome_for,codi_cta\n${rows(version).join("")}`,
  );
}

function rows(version: number): string[] {
  return documents.map(
    (document, n) =>
      `1,${String(n).padStart(6, "0")},${document},FORNECEDOR DE SERVIÇOS ${n}${n % 10 === 0 ? ` V${version}` : ""} LTDA,${20_000 + n}\n`,
  );
}

/** The nth document, with the check digits that are right. */
function documentOf(n: number): string {
  const base = String(100_000_000_000 + n * 7);
  const check = checkDocument(`${base}00`);
  return check.valid ? `${base}00` : base + (/where (\d\d) are right/.exec(check.fault)?.[1] ?? "");
}

async function copy(): Promise<void> {
  await pipeline(Readable.from(rows(0)), await store.sql`copy plain (line) from stdin`.writable());
}

async function command(words: string[]): Promise<void> {
  const child = Bun.spawn([executable, ...words], { cwd: folder, env, stdout: "ignore", stderr: "pipe" });
  const watch = watchPeak(child.pid, (bytes) => {
    commandPeak = Math.max(commandPeak, bytes);
  });
  const [faults, code] = await Promise.all([child.stderr.text(), child.exited]);
  clearInterval(watch);
  if (code !== 0) throw new Error(`${words.join(" ")}: ${faults}`);
}

/** A worker without an API reads and enqueues, and sends nothing. */
async function asTask(): Promise<void> {
  await store.sql`truncate fiscaut_tasks.task, fiscaut_tasks.batch, fiscaut_tasks.sync_record`;
  const child = Bun.spawn([executable, "run", "--drain", "--port", "0"], {
    cwd: folder,
    env,
    stdout: "ignore",
    stderr: "ignore",
  });
  const watch = watchPeak(child.pid, (bytes) => {
    workerPeak = Math.max(workerPeak, bytes);
  });
  await command(["enqueue", "fiscaut.sync-suppliers", '{"company": 1}']);
  await child.exited;
  clearInterval(watch);
  const [row] = await store.sql<{ n: number }[]>`select count(*)::int as n from fiscaut_tasks.sync_record`;
  if (row?.n !== count) throw new Error(`${row?.n} records instead of ${count}`);
}

function watchPeak(pid: number, take: (bytes: number) => void): Timer {
  return setInterval(async () => {
    const text = await Bun.file(`/proc/${pid}/status`)
      .text()
      .catch(() => "");
    take(Number(/^VmHWM:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024);
  }, 10);
}

async function timed(what: string, run: () => Promise<void>): Promise<void> {
  const startedAtMs = performance.now();
  await run();
  tookMs[what] = [...(tookMs[what] ?? []), performance.now() - startedAtMs];
}

function report(): void {
  const floor = median(tookMs["COPY into a plain table"] ?? []);
  for (const [what, took] of Object.entries(tookMs))
    print(`| ${what} | ${(median(took) / 1000).toFixed(2)} s | ${(median(took) / floor).toFixed(1)} |`);
  print(`peak memory: the command ${megabytes(commandPeak)} MB, a worker ${megabytes(workerPeak)} MB`);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
