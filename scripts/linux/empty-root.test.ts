/** The Linux executable needs no file beside it: it is run in a root that holds it and the C library alone. */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { finished } from "../../test/finished.ts";
import { createDatabase, type TestDatabase } from "../../test/postgres.ts";
import { until } from "../../test/until.ts";
import { DIST } from "../build/paths.ts";
import { hostTarget } from "../build/targets.ts";

const executable = join(DIST, hostTarget().executable);
const apiKey = "empty-root-key";
let root: string;
let database: TestDatabase;
let calls = 0;
const api = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch() {
    calls += 1;
    return Response.json({ status: true, message: "Saved." }, { status: 201 });
  },
});
const running = new Set<Bun.Subprocess>();

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "fiscaut-tasks-empty-root-"));
  chmodSync(root, 0o755);
  await install(executable, "/fiscaut-tasks");
  mkdirSync(join(root, "proc"));
  mustRun(["mount", "-t", "proc", "proc", join(root, "proc")]);
  mkdirSync(join(root, "records"));
  writeFileSync(join(root, "records/geempre.csv"), "codi_emp,cgce_emp,razao_emp\n1,33000167000101,A\n");
  writeFileSync(
    join(root, "records/effornece.csv"),
    "codi_emp,codi_for,cgce_for,nome_for,codi_cta\n1,1,71673990000177,B,\n",
  );
  database = await createDatabase();
});
afterEach(async () => {
  for (const child of running) child.kill("SIGTERM");
  await Promise.all([...running].map((child) => child.exited));
});
afterAll(async () => {
  await api.stop(true);
  await database.drop();
  mustRun(["umount", join(root, "proc")]);
  rmSync(root, { recursive: true, force: true });
});

function mustRun(command: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(command);
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr}`);
}

/** Copies a program and the libraries that the loader names for it. */
async function install(program: string, to: string): Promise<void> {
  const listed = await new Response(Bun.spawn(["ldd", program]).stdout).text();
  const libraries = [...listed.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1] ?? "");
  for (const [from, target] of [[program, to], ...libraries.map((path) => [path, path])] as [
    string,
    string,
  ][]) {
    mkdirSync(dirname(join(root, target)), { recursive: true });
    copyFileSync(realpathSync(from), join(root, target));
  }
}

/** One of the machine's own, to where the loader looks for it. */
function copyLibrary(name: string): void {
  const path = join("/lib/x86_64-linux-gnu", name);
  mkdirSync(dirname(join(root, path)), { recursive: true });
  copyFileSync(realpathSync(path), join(root, path));
}

function start(words: string[], env: Record<string, string> = {}) {
  const child = Bun.spawn(["chroot", root, "/fiscaut-tasks", ...words], {
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  running.add(child);
  child.exited.then(() => running.delete(child));
  return child;
}

async function execute(words: string[], env: Record<string, string> = {}) {
  return await finished(start(words, env));
}

async function runOneSupplier(env: Record<string, string>, port: number): Promise<void> {
  const settings = { ...env, FISCAUT_API_URL: `http://127.0.0.1:${api.port}`, FISCAUT_API_KEY: apiKey };
  const worker = start(["run", "--port", String(port)], settings);
  const healthy = () =>
    fetch(`http://127.0.0.1:${port}/health`).then(
      (r) => r.status === 200,
      () => false,
    );
  await until(async () => worker.exitCode !== null || (await healthy()), 30_000);
  if (worker.exitCode !== null) throw new Error(await worker.stderr.text());
  const callsBefore = calls;
  await mustExecute(["company", "enable", "1"], settings);
  const synced = await mustExecute(
    ["sync", "suppliers", "--company", "1", "--source", "csv:/records", "--json"],
    settings,
  );
  const { companies } = JSON.parse(synced) as { companies: { batch: { id: number } }[] };
  await until(async () => {
    const batch = await fetch(`http://127.0.0.1:${port}/batches/${companies[0]?.batch.id}`);
    return ((await batch.json()) as { states: { succeeded: number } }).states.succeeded === 1;
  });
  expect(calls).toBe(callsBefore + 1);
  worker.kill("SIGTERM");
  expect(await worker.exited).toBe(0);
}

async function mustExecute(words: string[], env: Record<string, string>): Promise<string> {
  const { exitCode, stdout, stderr } = await execute(words, env);
  if (exitCode !== 0) throw new Error(stderr);
  return stdout;
}

test("tells its version and its help", async () => {
  expect((await execute(["--version"])).stdout).toStartWith("fiscaut-tasks ");
  expect((await execute(["--help"])).stdout).toContain("COMMANDS");
});

test("runs a worker with a Postgres elsewhere, and a task on it", async () => {
  await runOneSupplier({ DATABASE_URL: database.url }, 18_431);
}, 60_000);

test("says what its embedded Postgres lacks there", async () => {
  const { exitCode, stderr } = await execute(["list"]);
  expect(stderr).toStartWith("error: ");
  expect(stderr).toContain("there is no other user that it could run as");
  expect([69, 78]).toContain(exitCode);
});

test("runs its embedded Postgres once there are a shell, the C and C++ libraries and an account", async () => {
  await install("/bin/sh", "/bin/sh");
  // Of ICU, which Postgres carries, but not the library that it is linked to.
  for (const library of ["librt.so.1", "libstdc++.so.6", "libgcc_s.so.1"]) copyLibrary(library);
  mkdirSync(join(root, "etc"), { recursive: true });
  writeFileSync(join(root, "etc/passwd"), "root:x:0:0::/:/bin/sh\nfiscaut-tasks:x:900:900::/:/bin/sh\n");
  mkdirSync(join(root, "tmp"), { recursive: true, mode: 0o1777 });
  mkdirSync(join(root, "dev"), { recursive: true });
  writeFileSync(join(root, "dev/null"), "");
  chmodSync(join(root, "dev/null"), 0o666);
  await runOneSupplier({}, 18_432);
}, 60_000);
