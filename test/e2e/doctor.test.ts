/** The commands by which an operator looks after an installation, from the compiled executable. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { createDatabase, type TestDatabase } from "../postgres.ts";
import { until } from "../until.ts";
import { endLeftovers, execute, makeFolder, startRun } from "./executable.ts";

interface Doctor {
  status: string;
  checks: { name: string; status: string; text: string; cure?: string }[];
}

let database: TestDatabase;
let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeAll(async () => {
  database = await createDatabase();
  folder = await makeFolder();
});
afterEach(endLeftovers);
afterAll(async () => {
  folder.remove();
  await database.drop();
});

/** A port of which nobody else in these tests knows. */
function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  listener.stop(true);
  return listener.port;
}

describe("doctor", () => {
  test("with a database that is well and nothing else set ends with 0 and warns of what is missing", async () => {
    const { exitCode, stdout } = await execute(["doctor"], {
      DATABASE_URL: database.url,
      FISCAUT_TASKS_PORT: "0",
    });
    expect(exitCode).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.every((line) => /^(pass|warn|skip) {2}/.test(line))).toBe(true);
    expect(lines).toContainEqual(
      expect.stringMatching(/^warn {2}fiscaut api: FISCAUT_API_URL and FISCAUT_API_KEY are not set/),
    );
    expect(lines).toContainEqual(expect.stringMatching(/^pass {2}listen: a notification arrives in/));
  });

  test("ends with 1 where something fails, and tells it in JSON too", async () => {
    const env = { DATABASE_URL: "postgres://ana:canary-password@127.0.0.1:1/none", FISCAUT_TASKS_PORT: "0" };
    const { exitCode, stdout } = await execute(["doctor", "--json"], env);
    const { status, checks } = JSON.parse(stdout) as Doctor;
    expect(exitCode).toBe(1);
    expect(status).toBe("fail");
    expect(checks.find(({ name }) => name === "database")).toMatchObject({
      status: "fail",
      cure: expect.any(String),
    });
    expect(checks.find(({ name }) => name === "schema")).toMatchObject({ status: "skip" });
    expect(stdout).not.toContain("canary-password");
  });

  test("with a wrong configuration looks at what does not depend on it", async () => {
    const { exitCode, stdout } = await execute(["doctor"], { FISCAUT_TASKS_LEASE: "1ms" });
    expect(exitCode).toBe(1);
    expect(stdout).toContain("fail  configuration: FISCAUT_TASKS_LEASE");
    expect(stdout).toContain("pass  time zone: ");
  });

  test("neither starts an embedded Postgres nor makes its folder; looks into one that runs", async () => {
    const dataDir = join(folder.path, "data");
    const env = { FISCAUT_TASKS_DATA_DIR: dataDir, FISCAUT_TASKS_PORT: String(freePort()) };
    const before = await execute(["doctor"], env);
    expect(before.stdout).toContain("does not run, and doctor does not start it");
    expect(readdirSync(folder.path)).toEqual([]);

    const worker = await startRun(["--port", env.FISCAUT_TASKS_PORT], env);
    const { exitCode, stdout } = await execute(["doctor"], env);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`embedded in ${dataDir}, answers in`);
    expect(stdout).toContain("a fiscaut-tasks worker answers on port");
    if (process.platform === "linux") expect(stdout).toContain(`used by process ${worker.pid}`);
    await worker.stop();
  }, 120_000);
});

describe("health", () => {
  test("is one line and 0 while a worker runs, 1 when none answers", async () => {
    const port = freePort();
    const env = {
      DATABASE_URL: database.url,
      FISCAUT_TASKS_PORT: String(port),
      FISCAUT_TASKS_HTTP_TOKEN: "0123456789abcdef",
    };
    expect(await execute(["health"], env)).toMatchObject({
      exitCode: 1,
      stdout: "fail: nobody listens there\n",
    });
    const worker = await startRun(["--port", String(port)], env);
    expect(await execute(["health"], env)).toMatchObject({
      exitCode: 0,
      stdout: "pass: ready, 0 of 10 slots run, 0 tasks live\n",
    });
    const other = { ...env, FISCAUT_TASKS_HTTP_TOKEN: "another-token-of-16" };
    const { exitCode, stdout } = await execute(["health", "--url", worker.url, "--json"], other);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      status: "warn",
      text: expect.stringContaining("another token"),
    });
    await worker.stop();
  });

  test("takes another program's answer for none of ours", async () => {
    const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("hello") });
    const result = await execute(["health", "--url", `http://127.0.0.1:${server.port}`]);
    await server.stop(true);
    expect(result).toMatchObject({ exitCode: 1, stdout: "fail: another program answers there\n" });
  });
});

describe("config", () => {
  test("init writes a file for its owner that check finds right, and never over another", async () => {
    const path = join(folder.path, "etc", "fiscaut-tasks.toml");
    expect(await execute(["config", "init", path])).toMatchObject({ exitCode: 0 });
    if (process.platform !== "win32") expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await execute(["config", "check", path])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining(path),
    });
    const text = readFileSync(path, "utf8");
    const again = await execute(["config", "init", path]);
    expect(again).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("left alone") });
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  test("check tells every fault with its place, also one that a variable hides, and ends with 78", async () => {
    const path = join(folder.path, "faulty.toml");
    await Bun.write(path, 'prt = 1\nport = "x"\nhandlers = "none"\nhttp-token = "canary"\n');
    const { exitCode, stderr } = await execute(["config", "check", path], { FISCAUT_TASKS_PORT: "1" });
    expect(exitCode).toBe(78);
    expect(stderr).toContain(`${path}:prt: is not a setting; did you mean port?`);
    expect(stderr).toContain(`${path}:port: "x" is not a port`);
    expect(stderr).toContain(`${path}:http-token: the value has fewer than 16 characters`);
    expect(stderr).not.toContain("canary");
    await Bun.write(path, 'handlers = "none"\n');
    const folderFault = await execute(["config", "check", path, "--json"]);
    expect(JSON.parse(folderFault.stdout)).toMatchObject({
      faults: [{ place: `${path}:handlers`, message: expect.stringMatching(/^there is no folder/) }],
    });
  });
});

describe("support-bundle", () => {
  test("has all that a supporter asks for first, and no secret, wherever one was put", async () => {
    const secrets = [
      "canary-api-key",
      "canary-http-token-1",
      "canary-odbc-password",
      "canary%2Fpassword",
      "canary-payload",
    ];
    await database.store.sql`create role canary login superuser password 'canary/password'`;
    const url = Object.assign(new URL(database.url), {
      username: "canary",
      password: "canary/password",
    }).href;
    const handlers = join(folder.path, "handlers");
    mkdirSync(handlers);
    await Bun.write(
      join(handlers, "leak.ts"),
      `import { defineHandler } from "fiscaut-tasks";
export default defineHandler({ run() { throw new Error("refused: ${secrets.slice(0, 3).join(" ")} canary/password"); } });`,
    );
    const env = {
      DATABASE_URL: url,
      FISCAUT_API_URL: "http://127.0.0.1:1/api",
      FISCAUT_API_KEY: "canary-api-key",
      FISCAUT_TASKS_HTTP_TOKEN: "canary-http-token-1",
      FISCAUT_SOURCE: "odbc:DSN=None;UID=reader;PWD=canary-odbc-password",
      FISCAUT_TASKS_HANDLERS: handlers,
      FISCAUT_TASKS_PORT: "0",
    };
    const worker = await startRun([], env);
    const enqueue = ["enqueue", "leak", '{"secret": "canary-payload"}', "--max-attempts", "1", "--json"];
    const { id } = JSON.parse((await execute(enqueue, env)).stdout) as { id: number };
    await until(async () =>
      (await execute(["list", "--state", "failed", "--json"], env)).stdout.includes(`"id": ${id}`),
    );
    const file = join(folder.path, "support.txt");
    const log = join(folder.path, "worker.log");
    await Bun.write(log, `${"x".repeat(20_000)}\nthe newest line, with canary-http-token-1\n`);
    const { exitCode } = await execute(["support-bundle", file], { ...env, FISCAUT_TASKS_LOG_FILE: log });
    await worker.stop();
    const text = readFileSync(file, "utf8");
    expect(exitCode).toBe(0);
    if (process.platform !== "win32") expect(statSync(file).mode & 0o777).toBe(0o600);
    for (const title of [
      "Versions",
      "Configuration",
      "Doctor",
      "Queues",
      "Workers",
      "Last errors",
      "Worker's log",
    ])
      expect(text).toContain(`== ${title}\n\n`);
    expect(text).toContain(`task ${id} leak in default, failed, attempt 1 of 1`);
    expect(text).toContain("refused: ***");
    expect(text).toContain("== Worker's log\n\nthe newest line, with ***\n");
    expect(text).not.toContain("could not be made");
    expect(text.match(/canary[-/%]\S*/g)).toBeNull();
    for (const secret of [...secrets, "canary/password"]) expect(text).not.toContain(secret);
  }, 120_000);

  test("is written with a wrong configuration too, and over no other file", async () => {
    const file = join(folder.path, "broken.txt");
    const env = { FISCAUT_TASKS_PORT: "x" };
    expect(await execute(["support-bundle", file], env)).toMatchObject({ exitCode: 0 });
    expect(readFileSync(file, "utf8")).toContain('== Configuration\n\nFISCAUT_TASKS_PORT: "x" is not a port');
    expect(await execute(["support-bundle", file], env)).toMatchObject({ exitCode: 1 });
  });
});
