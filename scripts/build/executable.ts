/**
 * Compiles the executable of a target into dist/, from `src/main.ts`, the Postgres archive and the editor's.
 * What is in these is for `postgres-archive.ts` and `editor-files.ts`.
 */
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { tuneAllocator } from "./allocator.ts";
import { gatherBuildFacts } from "./build-facts.ts";
import { tuneCompiler } from "./compiler.ts";
import { editorFolder } from "./editor-files.ts";
import { obtainPackage, readPin } from "./npm-package.ts";
import { DIST, ROOT } from "./paths.ts";
import { postgresFolder } from "./postgres-archive.ts";
import { hostTarget, type Target } from "./targets.ts";
import { brandExecutable } from "./windows-brand.ts";

export interface BuiltExecutable {
  readonly path: string;
  readonly bytes: number;
}

/** What to compile and where to put it, when it is not the product into dist/. */
export interface ExecutableOptions {
  readonly entry?: string;
  readonly path?: string;
}

/** Compiles the executable of `target`. The same sources give the same bytes. */
export async function buildExecutable(
  target: Target,
  options: ExecutableOptions = {},
): Promise<BuiltExecutable> {
  const { entry = join(ROOT, "src/main.ts"), path = join(DIST, target.executable) } = options;
  // Built beside and renamed: the old executable may be running. Bun also leaves a source map there, which
  // the executable holds itself.
  const scratch = join(dirname(path), `.${target.name}`);
  await mkdir(scratch, { recursive: true });
  const bun = await adaptBun(await obtainBun(target), target, scratch);
  await Bun.build({
    // A thread is started by its path, so it is an entry of its own. What entries share is in the executable once.
    entrypoints: [
      entry,
      join(ROOT, "src/cli/worker/handler-thread.ts"),
      join(ROOT, "src/hooks/hook-thread.ts"),
      join(ROOT, "src/windows/dispatcher-thread.ts"),
    ],
    root: ROOT,
    splitting: true,
    target: "bun",
    format: "esm", // bytecode of anything else fails without a sound, and so does the executable
    bytecode: true,
    minify: { whitespace: true, syntax: true, identifiers: true, keepNames: true }, // stacks are for people
    sourcemap: "inline",
    env: "disable",
    define: {
      FISCAUT_TASKS_BUILD: JSON.stringify(gatherBuildFacts(target)),
      "process.env.NODE_ENV": '"production"',
    },
    compile: {
      target: target.bunTarget,
      executablePath: bun,
      outfile: join(scratch, basename(path)),
      assets: [postgresFolder(target), editorFolder],
      // A worker is configured by its own means only, not by what lies in the folder that it is started in.
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      autoloadPackageJson: false,
    },
  });
  await rename(join(scratch, basename(path)), path);
  await rm(scratch, { recursive: true });
  return { path, bytes: Bun.file(path).size };
}

/** @returns a copy in `scratch`, with other defaults of its allocator and compiler and, where the system shows them, our icon and version. */
async function adaptBun(bun: string, target: Target, scratch: string): Promise<string> {
  const bytes = await Bun.file(bun).bytes();
  tuneAllocator(bytes, target);
  tuneCompiler(bytes);
  const adapted = join(scratch, basename(target.bunBinary));
  await Bun.write(adapted, await brand(bytes, target), { mode: 0o755 });
  return adapted;
}

async function brand(bun: Uint8Array<ArrayBuffer>, target: Target): Promise<Uint8Array> {
  if (target.name !== "windows-x64") return bun;
  const { version } = await Bun.file(join(ROOT, "package.json")).json();
  return brandExecutable(bun, { version, fileName: target.executable });
}

/** The Bun that the executable of `target` is made of. */
async function obtainBun(target: Target): Promise<string> {
  const pinned = await readPin(target.bunPackage);
  // Bytecode of one version is of no use to another: the executable would start slowly and not say why.
  if (pinned.version !== Bun.version) {
    throw new Error(
      `Bun ${Bun.version} builds, but bun.lock pins ${pinned.version}: call it by "bun run build"`,
    );
  }
  // The package "bun" takes the one of its host's package at installation and leaves that empty.
  const installed = join(ROOT, "node_modules/bun/bin/bun.exe");
  if (target === hostTarget() && (await Bun.file(installed).exists())) return installed;
  return join((await obtainPackage(target.bunPackage, target.bunBinary)).folder, target.bunBinary);
}

/**
 * Runs the executable's `--version` where this machine can, and throws unless it prints what was built: Bun reports
 * some broken builds as successes. Returns undefined for a target that can't run here.
 */
export async function smokeRun(target: Target, path: string): Promise<string | undefined> {
  if (target !== hostTarget()) return undefined;
  const { version } = await Bun.file(join(ROOT, "package.json")).json();
  const elsewhere = await mkdtemp(join(tmpdir(), "fiscaut-tasks-smoke-"));
  try {
    const run = Bun.spawnSync([path, "--version"], {
      cwd: elsewhere,
      env: {},
      stdout: "pipe",
      stderr: "pipe",
    });
    const printed = `${run.stdout}${run.stderr}`.trim();
    if (run.exitCode !== 0 || !printed.includes(version) || !printed.includes(target.name)) {
      throw new Error(`${path} --version ended with ${run.exitCode} and printed: ${printed || "nothing"}`);
    }
    return printed;
  } finally {
    await rm(elsewhere, { recursive: true });
  }
}
