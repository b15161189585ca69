/** What a crash, a power cut or a bad disk leaves behind, and how the next start copes with it. */
import { describe, expect, test } from "bun:test";
import { mkdir, readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { answers, killServer, makeWorkplace, serverPid, withConnection } from "./fixture.ts";

const workplace = makeWorkplace();
const SLOW = 60_000;

describe("after a crash", () => {
  test(
    "of the server and its user, what was committed is there",
    async () => {
      const dataDir = await workplace.readyDataDir();
      const holder = await workplace.hold(dataDir);
      const { url = "" } = await holder.outcome();
      await withConnection(url, async (sql) => {
        await sql`create table kept (n int)`;
        await sql`insert into kept select generate_series(1, 1000)`;
      });
      await killServer(dataDir);
      await holder.kill();

      const next = await workplace.open(dataDir);
      const [row] = await withConnection(next.url, (sql) => sql`select count(*)::int as n from kept`);
      expect(row).toEqual({ n: 1000 });
    },
    SLOW,
  );

  test(
    "a pid file whose number another process has by now is not taken for a server",
    async () => {
      const dataDir = await workplace.readyDataDir();
      const before = await workplace.open(dataDir);
      const pidFile = join(dataDir, "database", "postmaster.pid");
      const left = await readFile(pidFile, "utf8");
      await before.close();
      // Of the same user, or else Postgres itself would see through it.
      const { uid, gid } = await stat(join(dataDir, "database"));
      const bystander = Bun.spawn(["sleep", "600"], { cwd: "/", uid, gid });
      await writeFile(pidFile, left.replace(/^\d+/, String(bystander.pid)));

      const steps: string[] = [];
      const next = await workplace.open(dataDir, (step) => steps.push(step));
      expect(steps).toEqual(["starting Postgres"]);
      expect(await answers(next.url)).toBe(true);
      expect(bystander.exitCode).toBeNull();
      bystander.kill();
    },
    SLOW,
  );

  test(
    "an empty pid file, as a power cut leaves it, is no obstacle",
    async () => {
      const dataDir = await workplace.readyDataDir();
      await writeFile(join(dataDir, "database", "postmaster.pid"), "");
      expect(await answers((await workplace.open(dataDir)).url)).toBe(true);
    },
    SLOW,
  );

  test(
    "in the midst of the first start, the halves that were left are made anew",
    async () => {
      const dataDir = join(await workplace.newDirectory(), "data");
      await workplace.open(dataDir).then((first) => first.close());
      const [version = ""] = await readdir(join(dataDir, "postgres"));
      await Bun.$`mv ${join(dataDir, "postgres", version)} ${join(dataDir, "postgres", `${version}.new`)}`;
      await Bun.$`mv ${join(dataDir, "database")} ${join(dataDir, "database.new")}`;

      const next = await workplace.open(dataDir);
      expect(await answers(next.url)).toBe(true);
      expect((await readdir(dataDir)).filter((name) => name.includes("new"))).toEqual([]);
      expect(await readdir(join(dataDir, "postgres"))).toEqual([version]);
    },
    SLOW,
  );
});

describe("programs on disk", () => {
  test(
    "are unpacked again when one was cut short",
    async () => {
      const dataDir = await workplace.readyDataDir();
      await truncate(join(await programs(dataDir), "lib", "libpq.so.5"), 1000);
      const steps: string[] = [];
      expect(await answers((await workplace.open(dataDir, (step) => steps.push(step))).url)).toBe(true);
      expect(steps).toEqual(["unpacking Postgres 18.4", "starting Postgres"]);
    },
    SLOW,
  );

  test(
    "are unpacked again when one is damaged so that the server does not start",
    async () => {
      const dataDir = await workplace.readyDataDir();
      const postgres = join(await programs(dataDir), "bin", "postgres");
      const { size } = await stat(postgres);
      await writeFile(postgres, Buffer.alloc(size));
      const steps: string[] = [];
      expect(await answers((await workplace.open(dataDir, (step) => steps.push(step))).url)).toBe(true);
      expect(steps).toContain("the Postgres programs are damaged");
    },
    SLOW,
  );

  test(
    "of another version go when a server of this one was started",
    async () => {
      const dataDir = await workplace.readyDataDir();
      const kept = await programs(dataDir);
      await mkdir(join(dataDir, "postgres", "0123456789ab", "bin"), { recursive: true });
      await workplace.open(dataDir);
      expect(await readdir(join(dataDir, "postgres"))).toEqual([kept.slice(kept.lastIndexOf("/") + 1)]);
    },
    SLOW,
  );
});

test(
  "a log that grew long is put aside at the next start, and one older log is kept",
  async () => {
    const dataDir = await workplace.readyDataDir();
    await truncate(join(dataDir, "postgres.log"), 9 * 1024 * 1024);
    await workplace.open(dataDir);
    expect((await stat(join(dataDir, "postgres.log.1"))).size).toBe(9 * 1024 * 1024);
    expect((await stat(join(dataDir, "postgres.log"))).size).toBeLessThan(10_000);
    expect(await serverPid(dataDir)).toBeGreaterThan(0);
  },
  SLOW,
);

async function programs(dataDir: string): Promise<string> {
  const [version = ""] = await readdir(join(dataDir, "postgres"));
  return join(dataDir, "postgres", version);
}
