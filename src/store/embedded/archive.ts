/**
 * Where the Postgres to unpack comes from: the executable's own embedded files, or the build folder of a source tree.
 * How it is put together is in `scripts/build/postgres-archive.ts`.
 */
import { join } from "node:path";
import { OperatorError } from "../../task/errors.ts";

/** What the build wrote beside the archive: names, sizes and checksums of all that is in it. */
export interface ArchiveManifest {
  /** Such as "18.4". */
  readonly version: string;
  /** As the file PG_VERSION of a database has it. */
  readonly major: string;
  /** Hex, of the compressed archive. It names the folder that the programs are unpacked to. */
  readonly sha256: string;
  readonly files: readonly ArchivedFile[];
}

export interface ArchivedFile {
  /** Relative, with slashes. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** The manifest, and a way to the megabytes, which are read only to be unpacked. */
export interface PostgresArchive {
  readonly manifest: ArchiveManifest;
  readBytes(): Promise<Uint8Array>;
}

/** @throws OperatorError "unavailable" when this executable, or source tree, has no Postgres for this machine */
export async function readArchive(): Promise<PostgresArchive> {
  const folder = Bun.isStandaloneExecutable
    ? join(import.meta.dir, "postgres")
    : join(import.meta.dir, `../../../build/${hostTarget()}/postgres`);
  const manifest = Bun.file(join(folder, "manifest.json"));
  if (!(await manifest.exists())) {
    throw new OperatorError("unavailable", `there is no embedded Postgres for ${hostTarget()} here`, {
      hint: Bun.isStandaloneExecutable
        ? "set DATABASE_URL to a Postgres of your own"
        : "bun run build, or set DATABASE_URL to a Postgres of your own",
    });
  }
  return {
    manifest: (await manifest.json()) as ArchiveManifest,
    readBytes: () => Bun.file(join(folder, "postgres.tar.zst")).bytes(),
  };
}

function hostTarget(): string {
  return `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
}
