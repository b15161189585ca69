/** Directories and disks that can't be used: told in words with a way out, and left as they were. */
import { describe, expect, test } from "bun:test";
import { chmod, chown, mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { foreignEntry, markerName } from "../../../src/store/embedded/data-dir.ts";
import { OperatorError } from "../../../src/task/errors.ts";
import { isRoot, linesOf, makeWorkplace, NOBODY, serverPid } from "./fixture.ts";

const workplace = makeWorkplace();
const SLOW = 60_000;

/** Opens `dataDir`, which must fail with words for the operator. */
async function refusal(dataDir: string): Promise<OperatorError> {
  try {
    await workplace.open(dataDir);
  } catch (fault) {
    if (fault instanceof OperatorError) return fault;
    throw fault;
  }
  throw new Error(`${dataDir} was not refused`);
}

test("a folder with what an installation puts there before the first start is taken", () => {
  expect(
    foreignEntry([
      ...["fiscaut-tasks.toml", "worker.env", "env", "api-key", "handlers", "logs"],
      ...["fiscaut-tasks-task.xml", "lost+found"],
    ]),
  ).toBeUndefined();
  expect(foreignEntry(["logs", "letter.txt"])).toBe("letter.txt");
  expect(foreignEntry([markerName, "letter.txt"])).toBeUndefined();
});

describe("a folder is refused", () => {
  test("untouched, when it holds something that is not ours", async () => {
    const dataDir = await workplace.newDirectory();
    await writeFile(join(dataDir, "letter.txt"), "dear");
    const { kind, message, hint } = await refusal(dataDir);
    expect(kind).toBe("config");
    expect(message).toBe(`${dataDir} is not a data folder of fiscaut-tasks: it holds letter.txt`);
    expect(hint).toContain("--data-dir");
    expect(await readdir(dataDir)).toEqual(["letter.txt"]);
  });

  test("when it is a file", async () => {
    const path = join(await workplace.newDirectory(), "data");
    await writeFile(path, "");
    const { kind, message } = await refusal(path);
    expect({ kind, message }).toEqual({ kind: "config", message: `${path} is not a folder` });
  });

  test(
    "when its database was made by another major version",
    async () => {
      const dataDir = await workplace.readyDataDir();
      await writeFile(join(dataDir, "database", "PG_VERSION"), "17\n");
      const { kind, message } = await refusal(dataDir);
      expect({ kind, message }).toEqual({
        kind: "config",
        message: `${dataDir} holds a database of Postgres 17, not 18`,
      });
    },
    SLOW,
  );

  test(
    "when its database has lost the file that tells the version, or its password",
    async () => {
      const dataDir = await workplace.readyDataDir();
      await rm(join(dataDir, "database", "fiscaut-tasks.password"));
      expect((await refusal(dataDir)).message).toEndWith("fiscaut-tasks.password is missing or empty");
      await rm(join(dataDir, "database", "PG_VERSION"));
      expect((await refusal(dataDir)).message).toEndWith(
        "is not a whole Postgres database: PG_VERSION is missing",
      );
    },
    SLOW,
  );

  test(
    "when its password is not the server's",
    async () => {
      const dataDir = await workplace.readyDataDir();
      await writeFile(join(dataDir, "database", "fiscaut-tasks.password"), "guess");
      const { kind, message } = await refusal(dataDir);
      expect(kind).toBe("config");
      expect(message).toBe("the embedded Postgres refuses the password that is kept beside it");
      expect(message).not.toContain("guess");
      expect(await serverPid(dataDir)).toBeUndefined();
    },
    SLOW,
  );

  test(
    "when this user may not write there",
    async () => {
      const parent = await workplace.newDirectory();
      if (!isRoot) await chmod(parent, 0o555); // root's folder is closed to others as it is
      const dataDir = join(parent, "data");
      const holder = await workplace.hold(dataDir, isRoot ? { uid: NOBODY } : {});
      const { kind, message, hint } = await holder.outcome();
      expect(kind).toBe("config");
      expect(message).toMatch(/data may not be written or read by uid \d+$/);
      expect(hint).toContain("run as the user that it belongs to");
      await chmod(parent, 0o755);
    },
    SLOW,
  );

  test(
    "by root, when the account that it lends can't get there",
    async () => {
      const parent = await workplace.newDirectory();
      await chmod(parent, 0o700);
      const dataDir = join(parent, "data");
      if (isRoot) {
        const { kind, message, hint } = await refusal(dataDir);
        expect(kind).toBe("config");
        expect(message).toMatch(new RegExp(`^Postgres would run as \\S+, who may not enter ${parent}$`));
        expect(hint).toStartWith(`chmod o+x '${parent}'`);
      } else {
        await workplace.open(dataDir); // nobody else needs to
        expect((await stat(join(dataDir, "database"))).uid).toBe(process.getuid?.() ?? -1);
      }
    },
    SLOW,
  );
});

describe("an ordinary user", () => {
  test(
    "runs the server as himself, also after root ran it for him",
    async () => {
      const dataDir = join(await workplace.newDirectory(), "data");
      await mkdir(dataDir);
      const uid = isRoot ? NOBODY : (process.getuid?.() ?? -1);
      if (isRoot) await chown(dataDir, uid, uid);
      const asOwner = isRoot ? { uid } : {};

      const first = await workplace.hold(dataDir, asOwner);
      expect((await first.outcome()).startedHere).toBe(true);
      await first.close();
      await rm(join(dataDir, "postgres"), { recursive: true });
      await rm(join(dataDir, "postgres.log"));
      await workplace.open(dataDir).then((byRoot) => byRoot.close());
      const again = await workplace.hold(dataDir, asOwner);
      expect((await again.outcome()).startedHere).toBe(true);
      expect(await again.close()).toEqual({ closed: true });
    },
    SLOW,
  );
});

describe("a full disk", () => {
  test(
    "is told while unpacking, and the half that was made is removed",
    async () => {
      const { kind, message, hint, left } = await openOnSmallDisk(await emptyDataDir(), 20);
      expect({ kind, hint }).toEqual({ kind: "unavailable", hint: FREE_SPACE });
      expect(message).toStartWith("no space is left for ");
      expect(left.filter((name) => name.includes(".new"))).toEqual([]);
    },
    SLOW,
  );

  test(
    "is told while creating the database, and the half that was made is removed",
    async () => {
      const dataDir = await workplace.readyDataDir();
      await rm(join(dataDir, "database"), { recursive: true });
      const { kind, message, hint, left } = await openOnSmallDisk(dataDir, 10);
      expect({ kind, hint }).toEqual({ kind: "unavailable", hint: FREE_SPACE });
      expect(message).toBe("no space is left for the database (initdb)");
      expect(left.filter((name) => name.includes(".new"))).toEqual([]);
    },
    SLOW,
  );
});

const FREE_SPACE = "free some space there, or name a folder on another disk with --data-dir";

async function emptyDataDir(): Promise<string> {
  const dataDir = join(await workplace.newDirectory(), "data");
  await mkdir(dataDir);
  return dataDir;
}

/**
 * Runs a holder where `dataDir` has `megabytes` to spare: on a file system of its own, which root may mount and only
 * this process sees. For others, or where mounting is forbidden, a limit on the size of each file stands in.
 */
async function openOnSmallDisk(dataDir: string, megabytes: number) {
  const holder = await workplace.holderPath();
  const run = '"$2" "$1"; find "$1" -printf "%f\\n" >&2';
  const onDisk = `
    cp -a "$1" "$1.before" && size=$(($(du -sm "$1" | cut -f1) + ${megabytes})) &&
    mount -t tmpfs -o mode=755,size=\${size}m tmpfs "$1" || exit 99
    cp -a "$1.before/." "$1"; ${run}`;
  const limited = `trap "" XFSZ; ulimit -f ${megabytes * 1024}; ${run}`;
  for (const command of [
    ["unshare", "--mount", "sh", "-c", onDisk],
    ["bash", "-c", limited],
  ]) {
    const process = Bun.spawn([...command, "small-disk", dataDir, holder], {
      cwd: "/",
      stdout: "pipe",
      stderr: "pipe",
    });
    const told = await Array.fromAsync(linesOf(process.stdout));
    const left = (await new Response(process.stderr).text()).split("\n");
    if (told.length > 0) return { ...(told.at(-1) ?? {}), left };
  }
  throw new Error("the disk could not be made small");
}
