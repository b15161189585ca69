/**
 * The Postgres programs on disk: unpacked once a version, whole or not at all, repaired when damaged.
 * Must run under the start lock; which archive it is comes from `archive.ts`.
 */
import { readFileSync, statSync } from "node:fs";
import { chmod, mkdir, open, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { OperatorError } from "../../task/errors.ts";
import type { ArchivedFile, PostgresArchive } from "./archive.ts";
import type { DataDir } from "./data-dir.ts";
import { renameDurably, syncFolder } from "./durable-rename.ts";
import { explainFileFault, isMissing } from "./faults.ts";

/** Files written at once: their fsyncs then share the disk's flushes. */
const writers = 32;

/** The folder of this version's programs, unpacked now where it is missing or a file has another size. */
export async function ensureUnpacked(
  dataDir: DataDir,
  archive: PostgresArchive,
  onStep: (step: string) => void,
): Promise<string> {
  const folder = folderOf(dataDir, archive);
  if (!everyFile(folder, archive, hasItsSize)) await unpack(dataDir, archive, onStep);
  return folder;
}

/** Reads every file, and unpacks anew when one is not as it left the build. False when all is well. */
export async function repair(
  dataDir: DataDir,
  archive: PostgresArchive,
  onStep: (step: string) => void,
): Promise<boolean> {
  if (everyFile(folderOf(dataDir, archive), archive, hasItsContent)) return false;
  onStep("the Postgres programs are damaged");
  await unpack(dataDir, archive, onStep);
  return true;
}

/**
 * Removes the programs of other versions, and what a broken unpacking left. No server may run from them.
 * What can't be removed, since a virus scanner reads it or somebody looks at it, stays until the next time.
 */
export async function removeOtherVersions(dataDir: DataDir, keep: string): Promise<void> {
  for (const name of await readdir(dataDir.versions)) {
    const folder = join(dataDir.versions, name);
    if (folder !== keep) await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
}

const folderOf = (dataDir: DataDir, { manifest }: PostgresArchive) =>
  join(dataDir.versions, manifest.sha256.slice(0, 12));

async function unpack(
  dataDir: DataDir,
  archive: PostgresArchive,
  onStep: (step: string) => void,
): Promise<void> {
  onStep(`unpacking Postgres ${archive.manifest.version}`);
  const folder = folderOf(dataDir, archive);
  const contents = await openArchive(archive);
  // Written beside and renamed when it is safely on disk: a power cut leaves all of it or none.
  const fresh = `${folder}.new`;
  try {
    await rm(fresh, { recursive: true, force: true });
    const folders = new Set([dataDir.versions, fresh]);
    for (const { path } of archive.manifest.files) addParents(folders, fresh, path);
    for (const folder of folders) await makeFolder(dataDir, folder);

    const left = archive.manifest.files.values();
    const writeSome = async () => {
      for (const { path } of left) await writeDurably(dataDir, join(fresh, path), contents.get(path));
    };
    await Promise.all(Array.from({ length: writers }, writeSome));
    for (const folder of folders) await syncFolder(folder);
    await rm(folder, { recursive: true, force: true });
    await renameDurably(fresh, folder);
  } catch (fault) {
    // A disk that filled up must not stay full of what is no use.
    await rm(fresh, { recursive: true, force: true }).catch(() => {});
    throw explainFileFault(fault, dataDir.path);
  }
}

/** The archive's files by path, after its checksum was found right. */
async function openArchive({ manifest, readBytes }: PostgresArchive): Promise<Map<string, Blob>> {
  const packed = await readBytes();
  if (sha256(packed) !== manifest.sha256) {
    throw new OperatorError("failed", "the Postgres inside this executable is damaged", {
      hint: "copy the executable again, and compare it with SHA256SUMS",
    });
  }
  return new Bun.Archive(await Bun.zstdDecompress(packed)).files();
}

/** Parents come before their children, which a Set keeps. */
function addParents(folders: Set<string>, root: string, path: string): void {
  const names = path.split("/").slice(0, -1);
  for (let depth = 1; depth <= names.length; depth++) folders.add(join(root, ...names.slice(0, depth)));
}

// Modes are set, not asked for, since a umask such as root's 077 would lock out the account that Postgres runs as.
async function makeFolder(dataDir: DataDir, path: string): Promise<void> {
  await mkdir(path, { recursive: true });
  await chmod(path, 0o755);
  await dataDir.handOver(path);
}

async function writeDurably(dataDir: DataDir, path: string, content: Blob | undefined): Promise<void> {
  if (content === undefined) throw new Error(`the archive lacks ${path}`);
  const file = await open(path, "w");
  try {
    await file.writeFile(new Uint8Array(await content.arrayBuffer()));
    await file.chmod(dirname(path).endsWith("bin") ? 0o755 : 0o644);
    await file.sync();
  } finally {
    await file.close();
  }
  await dataDir.handOver(path);
}

// Without awaiting: a look at 650 sizes takes 3 ms so, and 30 ms with a promise for each.
function everyFile(
  folder: string,
  archive: PostgresArchive,
  isRight: (path: string, file: ArchivedFile) => boolean,
): boolean {
  try {
    return archive.manifest.files.every((file) => isRight(join(folder, file.path), file));
  } catch (fault) {
    if (isMissing(fault)) return false;
    throw explainFileFault(fault, folder);
  }
}

const hasItsSize = (path: string, file: ArchivedFile) => statSync(path).size === file.bytes;
const hasItsContent = (path: string, file: ArchivedFile) => sha256(readFileSync(path)) === file.sha256;

const sha256 = (bytes: Uint8Array) => new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
