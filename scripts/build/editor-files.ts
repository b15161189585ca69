/**
 * Packs what `handlers types` gives an editor into build/editor/: the declarations of "fiscaut-tasks", and the types of
 * the runtime that handlers run on. They are unpacked by `src/handlers/editor-files.ts`.
 */
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { BUILD, ROOT } from "./paths.ts";
import { bundleDeclarations } from "./sdk-declarations.ts";
import { writeTar } from "./tar.ts";

/** 19 would save a tenth for twenty times the time. */
const ZSTD_LEVEL = 12;

/** Goes into every executable as it is. */
export const editorFolder = join(BUILD, "editor");

/** What `types: ["bun"]` leads to: Bun's own types, Node's, and undici's, which Node's `fetch` is made of. */
const RUNTIME_PACKAGES = ["@types/bun", "bun-types", "@types/node", "undici-types"];
/** As the compiler looks for them; hidden, for operators' own files are beside. */
const RUNTIME_FOLDER = ".types/node_modules";
const KEPT = /(\.d\.(ts|mts|cts)|(^|\/)(package\.json|LICENSE))$/;

export interface BuiltEditorFiles {
  readonly bytes: number;
  readonly cached: boolean;
}

/** Makes the archive, unless the one there was made from the same packages and sources. */
export async function buildEditorFiles(): Promise<BuiltEditorFiles> {
  const archive = Bun.file(join(editorFolder, "editor.tar.zst"));
  const madeFrom = Bun.file(join(editorFolder, "made-from"));
  const digest = await digestSources();
  if ((await archive.exists()) && (await madeFrom.exists()) && (await madeFrom.text()) === digest)
    return { bytes: archive.size, cached: true };
  const files = new Map<string, Uint8Array>();
  files.set("fiscaut-tasks.d.ts", Buffer.from(await bundleDeclarations()));
  for (const name of RUNTIME_PACKAGES)
    for (const [path, content] of await collect(join(ROOT, "node_modules", name)))
      files.set(`${RUNTIME_FOLDER}/${name}/${path}`, content);
  const packed = await Bun.zstdCompress(writeTar(files), { level: ZSTD_LEVEL });
  // The digest vouches for the archive, so it goes first and comes last.
  await mkdir(editorFolder, { recursive: true });
  await rm(join(editorFolder, "made-from"), { force: true });
  await Bun.write(archive, packed);
  await Bun.write(madeFrom, digest);
  return { bytes: packed.length, cached: false };
}

/** The kept files of a package, by their path in it, sorted. */
async function collect(folder: string): Promise<[path: string, content: Buffer][]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .filter((path) => KEPT.test(path))
    .sort();
  return await Promise.all(
    paths.map(async (path): Promise<[string, Buffer]> => [path, await readFile(join(folder, path))]),
  );
}

/** Changes when anything that the archive is made of does: packages, the sources of the types, these rules. */
async function digestSources(): Promise<string> {
  const folders = ["src/handlers", "src/task"].map((folder) =>
    Array.fromAsync(new Bun.Glob("*.ts").scan({ cwd: join(ROOT, folder), absolute: true })),
  );
  const sources = (await Promise.all(folders)).flat().sort();
  const rules = ["editor-files.ts", "sdk-declarations.ts", "tar.ts"].map((name) =>
    join(import.meta.dir, name),
  );
  const hasher = new Bun.CryptoHasher("sha256");
  for (const path of ["bun.lock", "package.json", "tsconfig.json"].map((name) => join(ROOT, name)))
    hasher.update(await readFile(path));
  for (const path of [...sources, ...rules]) hasher.update(await readFile(path));
  return hasher.digest("hex");
}
