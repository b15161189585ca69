/**
 * Packs the part of Postgres that a worker needs into build/<target>/postgres/: postgres.tar.zst and manifest.json.
 * It is unpacked by `src/store/embedded/unpack.ts`.
 */
import { mkdir, readdir, readFile, rename } from "node:fs/promises";
import { join, relative } from "node:path";
import type { ArchiveManifest } from "../../src/store/embedded/archive.ts";
import { obtainPackage } from "./npm-package.ts";
import { BUILD } from "./paths.ts";
import { writeTar } from "./tar.ts";
import type { Target } from "./targets.ts";

/** 22 would save 1 % for twice the time. */
const ZSTD_LEVEL = 19;

/** Where the archive of a target is: the folder goes into the executable as it is. */
export const postgresFolder = (target: Target) => join(BUILD, target.name, "postgres");

/** A manifest that knows what it was made from, so that a build can tell that nothing has changed. */
interface BuiltManifest extends ArchiveManifest {
  readonly madeFrom: string;
}

export interface BuiltArchive {
  readonly folder: string;
  readonly bytes: number;
  readonly cached: boolean;
}

/** Makes the archive of `target`, unless the one there was made from the same package by the same rules. */
export async function buildPostgresArchive(target: Target): Promise<BuiltArchive> {
  const folder = postgresFolder(target);
  const archive = Bun.file(join(folder, "postgres.tar.zst"));
  const { id, folder: source } = await obtainPackage(target.postgresPackage, "native/pg-symlinks.json");
  const madeFrom = `${id}, ${await rulesDigest()}`;
  const manifest = Bun.file(join(folder, "manifest.json"));
  if ((await manifest.exists()) && (await archive.exists())) {
    const built = (await manifest.json()) as BuiltManifest;
    if (built.madeFrom === madeFrom) return { folder, bytes: archive.size, cached: true };
  }
  const files = await collect(join(source, "native"));
  const packed = await Bun.zstdCompress(writeTar(files), { level: ZSTD_LEVEL });
  const version = id.match(/@(\d+\.\d+)/)?.[1];
  if (version === undefined) throw new Error(`${id} does not tell its Postgres version`);
  const built: BuiltManifest = {
    madeFrom,
    version,
    major: version.split(".")[0] ?? "",
    sha256: sha256(packed),
    files: [...files].map(([path, content]) => ({ path, bytes: content.length, sha256: sha256(content) })),
  };
  await mkdir(folder, { recursive: true });
  await Bun.write(archive, packed);
  // The manifest vouches for the archive, so it comes last and whole.
  await Bun.write(join(folder, "..", "manifest.json"), `${JSON.stringify(built, null, 1)}\n`);
  await rename(join(folder, "..", "manifest.json"), join(folder, "manifest.json"));
  return { folder, bytes: packed.length, cached: false };
}

/**
 * What initdb, pg_ctl and postgres load. Left out: static libraries, headers, translations, the GUI's and ecpg's
 * libraries, the extensions but two, and conversions other than those a Brazilian Windows or Latin-1 client asks for.
 */
const KEPT = [
  /^bin\/(initdb|pg_ctl|postgres)(\.exe)?$/,
  /^bin\/(icudt|icuin|icuuc|libcrypto|libiconv|libintl|liblz4|libpq|libssl|libwinpthread|libxml2|libzstd|zlib)[-\dx]*\.dll$/,
  /^lib\/lib(crypto|icudata|icui18n|icuuc|lzma|pq|ssl|xml2|z)\.so\.[\d.]+$/,
  /^lib\/(postgresql\/)?(plpgsql|dict_snowball|pg_stat_statements|utf8_and_(win|iso8859|iso8859_1))\.(so|dll)$/,
  /^share\/(postgresql\/)?([a-z_]+\.(sql|bki|conf\.sample)|sql_features\.txt)$/,
  /^share\/(postgresql\/)?(timezone|timezonesets|tsearch_data)\//,
  /^share\/(postgresql\/)?extension\/(plpgsql|pg_stat_statements)[-.]/,
];

/** The kept files of `native`, by the path that they get in the archive, sorted. */
async function collect(native: string): Promise<Map<string, Uint8Array>> {
  const soname = await readSonames(native);
  const entries = await readdir(native, { recursive: true, withFileTypes: true });
  const kept = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(native, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .filter((path) => KEPT.some((pattern) => pattern.test(path)))
    .map((path) => ({ path: soname.get(path) ?? path, source: join(native, path) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const files = new Map<string, Uint8Array>();
  for (const { path, source } of kept) files.set(path, await readFile(source));
  return files;
}

/**
 * npm packages hold no symbolic links: the links that libraries are loaded by are listed in a file. Each library is
 * packed under the one name that the loader asks for (libpq.so.5.18 as libpq.so.5), so that no link is needed.
 */
async function readSonames(native: string): Promise<Map<string, string>> {
  const links = (await Bun.file(join(native, "pg-symlinks.json")).json()) as {
    source: string;
    target: string;
  }[];
  const strip = (path: string) => path.replace(/^native\//, "");
  return new Map(
    links
      .filter(({ target }) => /\.so\.\d+$/.test(target))
      .map(({ source, target }) => [strip(source), strip(target)]),
  );
}

/** Changes when this file or the tar writer does: then every archive is made anew. */
async function rulesDigest(): Promise<string> {
  const sources = ["postgres-archive.ts", "tar.ts"].map((name) => readFile(join(import.meta.dir, name)));
  return `rules ${sha256(Buffer.concat(await Promise.all(sources))).slice(0, 12)}`;
}

const sha256 = (bytes: Uint8Array) => new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
