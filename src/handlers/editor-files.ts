/**
 * What an editor needs beside operators' files to check them without npm: the declarations of "fiscaut-tasks", the types
 * of the runtime, and a tsconfig.json. The first two are made by `scripts/build/editor-files.ts`.
 */
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { OperatorError } from "../task/errors.ts";

/** As Bun runs the files: what it would refuse or run differently is an error in the editor too. */
const compilerOptions = {
  target: "ESNext",
  module: "Preserve",
  moduleResolution: "bundler",
  moduleDetection: "force",
  lib: ["ESNext"],
  types: ["bun"],
  typeRoots: ["./.types/node_modules/@types"],
  strict: true,
  verbatimModuleSyntax: true,
  allowImportingTsExtensions: true,
  allowJs: true,
  skipLibCheck: true,
  noEmit: true,
};

const declarationsName = "fiscaut-tasks.d.ts";
const runtimeFolder = ".types";
const tsconfigName = "tsconfig.json";

export interface EditorFile {
  /** Within the folder. */
  name: string;
  /** kept: it is there, not ours, and stays as it is. */
  outcome: "written" | "unchanged" | "kept";
}

export interface EditorFiles {
  files: EditorFile[];
  /** What a tsconfig.json that was kept lacks of ours, or has otherwise. */
  advice: Record<string, unknown>;
}

/**
 * Makes the folder where it is missing. The types are ours and become those of this executable; a tsconfig.json that
 * is not ours stays.
 * @throws OperatorError "failed" when the folder can't be written.
 */
export async function writeEditorFiles(folder: string): Promise<EditorFiles> {
  const contents = await readArchive();
  try {
    await mkdir(folder, { recursive: true });
    const declarations = await renew(folder, contents, declarationsName);
    const runtime = await renew(folder, contents, runtimeFolder);
    const { outcome, advice } = await writeTsconfig(join(folder, tsconfigName));
    return { files: [declarations, runtime, { name: tsconfigName, outcome }], advice };
  } catch (error) {
    throw explain(error, folder);
  }
}

/** A file or a folder of the archive as a whole, unless all of it is there. */
async function renew(folder: string, contents: Map<string, Blob>, name: string): Promise<EditorFile> {
  const own = [...contents].filter(([path]) => path === name || path.startsWith(`${name}/`));
  const texts = await Promise.all(own.map(async ([path, blob]) => [path, await blob.text()] as const));
  const present = await Promise.all(
    texts.map(async ([path, text]) => (await readIfThere(join(folder, path))) === text),
  );
  if (!present.includes(false)) return { name, outcome: "unchanged" };
  // An older executable's has files that this one's lacks.
  await rm(join(folder, name), { recursive: true, force: true });
  for (const [path, text] of texts) await Bun.write(join(folder, path), text);
  return { name, outcome: "written" };
}

async function writeTsconfig(
  path: string,
): Promise<Pick<EditorFile, "outcome"> & Pick<EditorFiles, "advice">> {
  const text = `${JSON.stringify({ compilerOptions }, null, 2)}\n`;
  const found = await readIfThere(path);
  if (found === text) return { outcome: "unchanged", advice: {} };
  if (found !== undefined) return { outcome: "kept", advice: lacking(found) };
  await Bun.write(path, text);
  return { outcome: "written", advice: {} };
}

function lacking(tsconfig: string): Record<string, unknown> {
  const options = readOptions(tsconfig);
  return Object.fromEntries(
    Object.entries(compilerOptions).filter(([name, value]) => !Bun.deepEquals(options[name], value)),
  );
}

/** None where it can't be read: it is the operator's, who is told by the editor. */
function readOptions(tsconfig: string): Record<string, unknown> {
  try {
    const parsed = Bun.JSONC.parse(tsconfig) as { compilerOptions?: Record<string, unknown> } | null;
    return parsed?.compilerOptions ?? {};
  } catch {
    return {};
  }
}

async function readArchive(): Promise<Map<string, Blob>> {
  const folder = Bun.isStandaloneExecutable
    ? join(import.meta.dir, "editor")
    : join(import.meta.dir, "../../build/editor");
  const archive = Bun.file(join(folder, "editor.tar.zst"));
  if (!(await archive.exists()))
    throw new OperatorError("unavailable", "the types have not been built", { hint: "bun run build" });
  return await new Bun.Archive(await Bun.zstdDecompress(await archive.bytes())).files();
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function explain(error: unknown, folder: string): unknown {
  const { code, path = folder, message } = error as NodeJS.ErrnoException;
  if (code === undefined) return error;
  if (code === "EEXIST" || code === "ENOTDIR")
    return new OperatorError("failed", `${path} is not a folder`, {
      hint: "name another one, or move the file",
    });
  return new OperatorError("failed", `${path} can't be written: ${message}`, { cause: error });
}
