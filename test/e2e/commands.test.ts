/** The commands' words, exit codes and output, on a database at DATABASE_URL. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { createServer } from "node:net";
import { version } from "../../package.json";
import { createDatabase, type TestDatabase } from "../postgres.ts";
import { until } from "../until.ts";
import { endLeftovers, execute, executeJson, startRun } from "./executable.ts";

let database: TestDatabase;
let env: Record<string, string>;
beforeAll(async () => {
  database = await createDatabase();
  env = { DATABASE_URL: database.url };
});
afterEach(endLeftovers);
afterAll(() => database.drop());

describe("every command", () => {
  test("tells version, commit, build date and target", async () => {
    const { exitCode, stdout } = await execute(["--version"]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      new RegExp(
        `^fiscaut-tasks ${RegExp.escape(version)} \\(commit [0-9a-f]+(-dirty)?, .+T.+Z, linux-x64\\)\n$`,
      ),
    );
  });

  test("has help that lists its flags, without colour where there is no terminal", async () => {
    const root = await execute(["--help"]);
    expect(root.exitCode).toBe(0);
    for (const command of [
      "run",
      "sync",
      "source",
      "enqueue",
      "list",
      "show",
      "logs",
      "retry",
      "cancel",
      "batch",
      "prune",
      "queue",
      "change",
      "delete",
      "schedule",
      "handlers",
      "migrate",
      "config",
      "version",
    ]) {
      expect(root.stdout).toContain(` ${command} `);
      const help = await execute([command, "--help"]);
      expect([command, help.exitCode]).toEqual([command, 0]);
      expect(help.stdout).toContain("USAGE");
      expect(help.stdout).not.toContain("\u001b");
    }
    expect((await execute(["run", "--help"])).stdout).toContain("--drain-timeout");
  });

  const wrong: [string, string[], string][] = [
    ["an unknown command", ["enque"], `there is no command "enque"\nTry: fiscaut-tasks enqueue`],
    ["an unknown flag", ["list", "--stat", "failed"], "there is no flag --stat\nTry: --state"],
    ["a word too many", ["show", "1", "2"], `"2" is one word too many`],
    ["a missing word", ["enqueue"], "NAME is missing"],
    ["a flag without its value", ["list", "--state"], "--state"],
    ["a bad id", ["show", "x1"], `ID: "x1" is not a whole number above 0`],
    ["a bad state", ["list", "--state", "done"], `there is no state "done"`],
    ["a bad port", ["run", "--port", "99999"], `--port: "99999" is not a port`],
    ["a duration without unit", ["run", "--drain-timeout", "30"], "has no unit"],
    ["a payload that is not JSON", ["enqueue", "a", "{x"], "the payload is not JSON"],
    [
      "a back-off that is none",
      ["enqueue", "a", "--backoff", "hourly"],
      `"hourly" is not one such as django`,
    ],
    [
      "a payload that the handler does not take",
      ["enqueue", "fiscaut.sync-suppliers", `{"company": "1"}`],
      "company",
    ],
    ["a bulk action without a filter", ["cancel"], "only with --all"],
    ["ids beside a filter", ["retry", "1", "--state", "failed"], "exclude each other"],
    ["a state that the verb does not take", ["delete", "--state", "running"], "one of pending, succeeded"],
    ["a change of nothing", ["change", "1"], "nothing to change"],
    ["an instant without a time zone", ["enqueue", "a", "--run-at", "2026-12-01T08:00:00"], "time zone"],
    ["a source of an unknown kind", ["sync", "suppliers", "--company", "1", "--source", "xlsx:a"], "csv:DIR"],
    ["a sync without a source", ["sync", "suppliers", "--company", "1"], "--source"],
    ["a sync of no company", ["sync", "all"], "give either --company or --all-enabled"],
    ["a sync of one company and all", ["sync", "all", "--company", "1", "--all-enabled"], "give either"],
    [
      "a task for no company",
      ["enqueue", "fiscaut.sync-all", `{"source": "csv:a"}`],
      "give either company or allEnabled: true",
    ],
    ["a group without its command", ["sync"], "suppliers"],
  ];
  for (const [what, words, message] of wrong) {
    test(`refuses ${what} with exit code 2, saying so on stderr`, async () => {
      const { exitCode, stdout, stderr } = await execute(words, env);
      expect(stderr).toContain(message);
      expect(stdout).toBe("");
      expect(exitCode).toBe(2);
    });
  }
});

describe("what can't be", () => {
  test("a command whose database can't be reached ends with 69, without its password", async () => {
    const url = "postgres://somebody:hunter2secret@127.0.0.1:9/nowhere";
    for (const command of [["list"], ["migrate", "--status"]]) {
      const { exitCode, stderr } = await execute(command, { DATABASE_URL: url });
      expect(stderr).toContain("the database at 127.0.0.1:9/nowhere can't be reached");
      expect(stderr).not.toContain("hunter2secret");
      expect(exitCode).toBe(69);
    }
  });

  test("a wrong configuration is exit code 78, every fault named with its source", async () => {
    const { exitCode, stderr } = await execute(["run"], {
      ...env,
      FISCAUT_TASKS_PORT: "abc",
      FISCAUT_TASKS_CONCURRENCY: "0",
      FISCAUT_TASKS_HOST: "0.0.0.0",
    });
    for (const source of ["FISCAUT_TASKS_PORT", "FISCAUT_TASKS_CONCURRENCY", "FISCAUT_TASKS_HOST"])
      expect(stderr).toContain(source);
    expect(exitCode).toBe(78);
  });

  test("a database whose password is wrong is exit code 78", async () => {
    const url = Object.assign(new URL(database.url), { password: "hunter2secret" }).href;
    const { exitCode, stderr } = await execute(["list"], { DATABASE_URL: url });
    expect(stderr).toContain("the password is wrong");
    expect(exitCode).toBe(78);
  });

  test("a taken port is told before anything is claimed", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    const address = taken.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const { exitCode, stderr } = await execute(["run", "--port", String(port)], env);
    expect(stderr).toContain(`port ${port} on 127.0.0.1 is taken`);
    expect(exitCode).toBe(1);
    taken.close();
  });

  test("a database that a newer executable has taken something away from is refused with exit code 78", async () => {
    await database.store
      .sql`insert into fiscaut_tasks.migration (name, sha256, ends_older) values ('9999_tomorrow', 'x', true)`;
    const { exitCode, stderr } = await execute(["run"], env);
    await database.store.sql`delete from fiscaut_tasks.migration where name = '9999_tomorrow'`;
    expect(stderr).toContain("is newer than this executable");
    expect(exitCode).toBe(78);
  });
});

describe("a database that was never migrated", () => {
  test("is left alone by all but migrate and run, and migrate tells first what it would do", async () => {
    const fresh = await createDatabase();
    await fresh.store.sql`drop schema fiscaut_tasks cascade`;
    const at = { DATABASE_URL: fresh.url };
    const refused = await execute(["list"], at);
    expect(refused.stderr).toContain("Try: fiscaut-tasks migrate");
    expect(refused.exitCode).toBe(78);
    expect((await execute(["migrate", "--status"], at)).stdout).toMatch(/0000_tables +pending/);
    expect((await execute(["migrate", "--dry-run"], at)).stdout).toContain(
      `CREATE TABLE "fiscaut_tasks"."task"`,
    );
    expect(await fresh.store.sql`select 1 from pg_namespace where nspname = 'fiscaut_tasks'`).toBeEmpty();
    expect((await execute(["migrate"], at)).stdout).toMatch(
      /^applied 0000_tables\napplied 0001_storage\napplied 0002_sql_door\napplied 0003_sync\napplied 0004_claim_ahead\napplied 0005_queue_history\napplied 0006_sql_door_wake\napplied 0007_sql_door_many\n(made the partition task_history_\w+_\d{8}\n){9}$/,
    );
    expect((await execute(["migrate"], at)).stdout).toBe("nothing to do\n");
    expect((await execute(["list"], at)).stdout).toBe("no such task\n");
    await fresh.drop();
  });
});

describe("enqueue, list, show, cancel and retry", () => {
  test("take a task from its birth to its end and back", async () => {
    const { id } = await executeJson<{ id: number }>(
      [
        "enqueue",
        "office.report",
        "-",
        "--queue",
        "reports",
        "--priority=-5",
        "--delay",
        "1h",
        "--serial-key",
        "month",
        "--backoff",
        "fixed:60s~10%",
        "--title",
        "Relatório",
      ],
      env,
      `{"month": "2026-11"}`,
    );
    const [listed] = await executeJson<Record<string, unknown>[]>(
      ["list", "--queue", "reports", "--state", "pending"],
      env,
    );
    expect(listed).toMatchObject({ id, priority: -5, title: "Relatório" });
    expect(await executeJson(["show", String(id)], env)).toMatchObject({
      payload: { month: "2026-11" },
      serialKey: "month",
      backoff: "fixed:1m~10%",
    });
    expect((await execute(["show", String(id)], env)).stdout).toMatch(
      /state +pending\nname +office.report\ntitle +Relatório/,
    );
    expect((await execute(["cancel", String(id)], env)).stdout).toBe(`task ${id} is cancelled\n`);
    const again = await execute(["cancel", String(id)], env);
    expect([again.exitCode, again.stderr]).toEqual([
      1,
      `error: task ${id} is cancelled: nothing to cancel\nTry: fiscaut-tasks show ${id}\n`,
    ]);
    expect((await execute(["retry", String(id)], env)).stdout).toBe(`task ${id} is pending\n`);
    const unknown = await execute(["show", "999999"], env);
    expect([unknown.exitCode, unknown.stderr]).toEqual([
      1,
      "error: there is no task 999999\nTry: fiscaut-tasks list\n",
    ]);
  });

  test("give all of a long list to a slow reader", async () => {
    await database.store.sql`
      insert into fiscaut_tasks.task (queue, name, payload, priority, max_attempts, run_at, due)
      select 'long', 'long', jsonb_build_object('text', repeat('x', 1000)), 0, 1, now(), false from generate_series(1, 1000)`;
    const tasks = await executeJson<unknown[]>(["list", "--queue", "long", "--limit", "1000"], env);
    expect(tasks).toHaveLength(1000);
  });
});

describe("a worker on every address", () => {
  test("asks for its token, except for the probes", async () => {
    const token = "a-token-of-some-length";
    const worker = await startRun(["--host", "0.0.0.0"], { ...env, FISCAUT_TASKS_HTTP_TOKEN: token });
    expect((await fetch(`${worker.url}/tasks`)).status).toBe(401);
    expect(
      (await fetch(`${worker.url}/tasks`, { headers: { authorization: `Bearer ${token}` } })).status,
    ).toBe(200);
    await until(async () => (await fetch(`${worker.url}/readyz`)).status === 200);
    expect(await worker.stop()).toBe(0);
    expect(JSON.stringify(worker.lines)).not.toContain(token);
  });
});
