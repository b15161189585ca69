/** The way from nothing to a running server, in a folder with an awkward name. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { EmbeddedPostgres } from "../../../src/store/embedded/embedded-postgres.ts";
import { makeWorkplace, serverPid, withConnection } from "./fixture.ts";

const workplace = makeWorkplace();
const steps: string[] = [];
let dataDir: string;
let opened: EmbeddedPostgres;

beforeAll(async () => {
  dataDir = join(await workplace.newDirectory(), "dados do escritório", "São João");
  process.env["PGPORT"] = "1"; // would break the server, were it inherited
  opened = await workplace.open(dataDir, (step) => steps.push(step));
}, 120_000);

afterAll(() => {
  delete process.env["PGPORT"];
});

describe("the first start", () => {
  test("unpacks, creates and starts, in this order, and says so", () => {
    expect(opened.startedHere).toBe(true);
    expect(steps).toEqual(["unpacking Postgres 18.4", "creating the database", "starting Postgres"]);
  });

  test("has no error to log", async () => {
    expect(await readFile(join(dataDir, "postgres.log"), "utf8")).not.toMatch(/ERROR|FATAL|PANIC|WARNING/);
  });

  test("gives a UTF-8 database whose order depends on no library of the system", async () => {
    const [database] = await withConnection(
      opened.url,
      (sql) => sql`
        select current_database() as name, pg_encoding_to_char(encoding) as encoding, datlocprovider as provider
        from pg_database where datname = current_database()`,
    );
    expect(database).toEqual({ name: "fiscaut_tasks", encoding: "UTF8", provider: "b" });
  });

  test("keeps what was committed: fsync and synchronous commit are on", async () => {
    const settings = await withConnection(
      opened.url,
      (sql) => sql`
        select name, setting from pg_settings
        where name in ('fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums') order by name`,
    );
    expect(settings.map((row) => row["setting"])).toEqual(["on", "on", "on", "on"]);
  });

  test("listens on the loopback only, and on no socket file", async () => {
    const [listening] = await withConnection(
      opened.url,
      (sql) => sql`select current_setting('listen_addresses') as addresses,
                          current_setting('unix_socket_directories') as sockets`,
    );
    expect(listening).toEqual({ addresses: "127.0.0.1", sockets: "" });
  });

  test("lets nobody in without the password", async () => {
    const wrong = new URL(opened.url);
    wrong.password = "guess";
    expect(withConnection(wrong.href, (sql) => sql`select 1`)).rejects.toThrow(
      "password authentication failed",
    );
  });

  test("shows the password to the owner of the database alone: in no argument, in no other's file", async () => {
    const { password } = new URL(opened.url);
    const commandLine = await readFile(`/proc/${await serverPid(dataDir)}/cmdline`, "utf8");
    expect(commandLine).not.toContain(password);
    expect((await stat(join(dataDir, "database"))).mode & 0o077).toBe(0);
    expect((await stat(join(dataDir, "database", "fiscaut-tasks.password"))).mode & 0o077).toBe(0);
    expect(await readFile(join(dataDir, "postgres.log"), "utf8")).not.toContain(password);
  });

  test("hands the server none of our environment", async () => {
    const names = (await readFile(`/proc/${await serverPid(dataDir)}/environ`, "utf8"))
      .split("\0")
      .map((entry) => entry.split("=")[0] ?? "");
    expect(names.filter((name) => /^(PGPORT|BUN_|LD_|DATABASE_URL|FISCAUT)/.test(name))).toEqual([]);
  });

  test("puts the server in a session of its own, out of reach of Ctrl+C", async () => {
    const pid = await serverPid(dataDir);
    const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ")[1]?.split(" ");
    expect(fields?.slice(2, 4)).toEqual([String(pid), String(pid)]); // process group, session
  });

  test("never runs the server as root", async () => {
    const status = await readFile(`/proc/${await serverPid(dataDir)}/status`, "utf8");
    expect(status).toMatch(/^Uid:\t(?!0\t)/m);
    expect(status).toMatch(/^CapEff:\t0+$/m);
  });

  test("leaves nothing half-made, and a note that says what the folder is", async () => {
    expect((await readdir(dataDir)).sort()).toEqual([
      "database",
      "fiscaut-tasks.txt",
      "postgres",
      "postgres.log",
      "start.lock",
      "use.lock",
    ]);
    expect(await readdir(join(dataDir, "postgres"))).toHaveLength(1);
    expect(await readFile(join(dataDir, "fiscaut-tasks.txt"), "utf8")).toContain("belongs to fiscaut-tasks");
  });
});
