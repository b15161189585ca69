/** What goes into the executable beside the program: the archive is what its manifest says, by standard tools too. */
import { beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { buildPostgresArchive, postgresFolder } from "../../scripts/build/postgres-archive.ts";
import { writeTar } from "../../scripts/build/tar.ts";
import { hostTarget } from "../../scripts/build/targets.ts";
import type { ArchiveManifest } from "../../src/store/embedded/archive.ts";

const folder = postgresFolder(hostTarget());
let manifest: ArchiveManifest;
let files: Map<string, File>;

beforeAll(async () => {
  await buildPostgresArchive(hostTarget());
  manifest = await Bun.file(join(folder, "manifest.json")).json();
  const packed = await Bun.file(join(folder, "postgres.tar.zst")).bytes();
  expect(sha256(packed)).toBe(manifest.sha256);
  files = await new Bun.Archive(await Bun.zstdDecompress(packed)).files();
}, 120_000);

describe("the Postgres archive", () => {
  test("holds every file of its manifest with its checksum, and no other", async () => {
    const found = await Promise.all(
      [...files].map(async ([path, file]) => ({
        path,
        bytes: file.size,
        sha256: sha256(await file.bytes()),
      })),
    );
    expect(found).toEqual([...manifest.files]);
  });

  test("has what a server needs, and nothing of the GUI, headers, translations or static libraries", () => {
    const paths = manifest.files.map(({ path }) => path);
    for (const needed of [
      /^bin\/postgres/,
      /^bin\/initdb/,
      /^bin\/pg_ctl/,
      /plpgsql\.(so|dll)$/,
      /America\/Sao_Paulo$/,
    ]) {
      expect(paths.filter((path) => needed.test(path))).not.toBeEmpty();
    }
    expect(paths.filter((path) => /wx|include\/|locale\/|\.(a|lib|h|pc)$/.test(path))).toEqual([]);
  });

  test("is not made again while nothing it is made from has changed", async () => {
    expect((await buildPostgresArchive(hostTarget())).cached).toBe(true);
  });
});

describe("writeTar", () => {
  test("writes what tar reads: names, sizes, contents, and the same bytes whenever it is called", async () => {
    const given = new Map([
      ["a/empty", new Uint8Array()],
      ["a/block", new Uint8Array(512).fill(7)],
      ["b", new TextEncoder().encode("text")],
    ]);
    const tar = writeTar(given);
    expect(writeTar(given)).toEqual(tar);
    const listing = Bun.spawnSync(["tar", "--list", "--verbose", "--utc", "--file", "-"], { stdin: tar });
    expect(listing.stdout.toString().replace(/ +/g, " ").split("\n").slice(0, 3)).toEqual([
      "-rw-r--r-- 0/0 0 1970-01-01 00:00 a/empty",
      "-rw-r--r-- 0/0 512 1970-01-01 00:00 a/block",
      "-rw-r--r-- 0/0 4 1970-01-01 00:00 b",
    ]);
    const read = await new Bun.Archive(tar).files();
    expect(await read.get("b")?.text()).toBe("text");
  });

  test("refuses a name that the format can't hold", () => {
    expect(() => writeTar(new Map([["x".repeat(101), new Uint8Array()]]))).toThrow("too long a name");
  });
});

const sha256 = (bytes: Uint8Array) => new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
