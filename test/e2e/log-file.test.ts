/** The worker's log in a file, and the secrets that stand at none of its doors. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../free-port.ts";
import { until } from "../until.ts";
import { createBed } from "./bed.ts";
import { execute, executeJson, startRun } from "./executable.ts";

const bed = createBed();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fiscaut-tasks-log-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const canaries = {
  FISCAUT_API_KEY: "canary-of-the-key",
  FISCAUT_TASKS_HTTP_TOKEN: "canary-of-the-token",
  FISCAUT_SOURCE: "postgres://reader:canary-of-the-source@127.0.0.1:1/records",
};

/** Says all it can of what it should not, at every door that a handler has. */
const leaky = `
import { defineHandler } from "fiscaut-tasks";
const secrets = ${JSON.stringify(Object.values(canaries))};
const foreign = "postgres://user:canary-of-another@db/x";
export default defineHandler({
  async run(payload, { log, progress }) {
    log("logged " + secrets.join(" "), { secrets, foreign });
    console.log("printed", secrets, foreign);
    progress(0.5, "at " + secrets[0] + " " + foreign);
    await Bun.sleep(700);
    throw new Error("thrown " + secrets.join(" ") + " " + foreign, { cause: new Error(secrets[1]) });
  },
});
`;

test("keeps every line in the file, reopens it on SIGHUP, and tells no secret at any door", async () => {
  const handlers = join(folder, "handlers");
  mkdirSync(handlers);
  await Bun.write(join(handlers, "leaky.ts"), leaky);
  await Bun.write(
    join(handlers, "loud.sh"),
    `#!/bin/sh\necho "said ${Object.values(canaries).join(" ")}" >&2\nexit 1\n`,
  );
  chmodSync(join(handlers, "loud.sh"), 0o755);
  const env = { ...bed.env(), ...canaries };
  const path = join(folder, "logs", "worker.log");
  const port = await freePort();
  const at = ["--port", String(port)];
  const starting = startRun([...at, "--handlers", handlers], { ...env, FISCAUT_TASKS_LOG_FILE: path });
  // Its lines are in the file, so nobody hears of the start by standard error.
  starting.catch(() => {});
  const read = (of = path) => {
    try {
      return readFileSync(of, "utf8");
    } catch {
      return "";
    }
  };
  await until(() => read().includes("is running"), 30_000);
  const lines = read()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { message: string; pid?: number });
  expect(lines.some(({ message }) => message.startsWith("worker started"))).toBe(true);

  const ids: number[] = [];
  for (const name of ["leaky", "loud"])
    ids.push(
      (
        await executeJson<{ id: number }>(
          ["enqueue", name, "{}", "--max-attempts", "1", "--handlers", handlers],
          env,
        )
      ).id,
    );
  await until(() => read().match(/task failed/g)?.length === 2, 30_000);

  expect((await execute(["log-level", ...at], env)).stdout).toBe("debug\n");
  expect((await execute(["log-level", "warn", "--for", "1h", ...at], env)).stdout).toMatch(
    /^warn until .*, then debug\n$/,
  );
  expect((await execute(["log-level", "loud", ...at], env)).exitCode).toBe(1);
  expect((await execute(["log-level"], { ...env, FISCAUT_TASKS_PORT: "1" })).exitCode).toBe(69);
  await executeJson(["log-level", "info", ...at], env);

  const authorization = `Bearer ${canaries.FISCAUT_TASKS_HTTP_TOKEN}`;
  const get = async (address: string) =>
    await (await fetch(`http://127.0.0.1:${port}${address}`, { headers: { authorization } })).text();
  const told = [read()];
  for (const id of ids) {
    told.push(await get(`/tasks/${id}`), await get(`/tasks/${id}/log`));
    for (const words of [
      ["show", String(id)],
      ["show", String(id), "--json"],
      ["logs", String(id)],
    ])
      told.push(JSON.stringify(await execute(words, env)));
  }
  for (const address of ["/health", "/metrics", "/"]) told.push(await get(address));
  for (const words of [
    ["config", "show"],
    ["config", "show", "--json"],
    ["source", "test"],
    ["list", "--json"],
  ])
    told.push(JSON.stringify(await execute(words, env)));
  expect(told.join("\n")).toContain("***");
  for (const text of told) expect(text).not.toContain("canary");

  const [running] = await bed.store.sql<{ pid: number }[]>`select pid from fiscaut_tasks.worker`;
  const pid = running?.pid ?? 0;
  renameSync(path, `${path}-moved`);
  process.kill(pid, "SIGHUP");
  await until(() => Bun.file(path).exists());
  process.kill(pid, "SIGTERM");
  await until(() => read().includes("worker stopped"), 20_000);
  expect(read(`${path}-moved`)).not.toContain("worker stopped");
}, 90_000);
