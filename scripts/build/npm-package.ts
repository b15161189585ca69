/**
 * The files of an npm package, also of one for another platform, exactly as bun.lock pinned it.
 * Which packages are needed is for `targets.ts`.
 */
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { BUILD, ROOT } from "./paths.ts";

export interface NpmPackage {
  /** Such as "@oven/bun-linux-x64@1.4.5". */
  readonly id: string;
  readonly folder: string;
}

/** What bun.lock pins of a package. */
export interface Pin {
  readonly version: string;
  /** "sha512-" and base64. */
  readonly integrity: string;
}

/**
 * The package `name` where `file`, which is looked for in it, is at hand: installed, packed by an earlier build,
 * or packed by npm now. What npm delivers is checked against bun.lock before anything of it is used.
 */
export async function obtainPackage(name: string, file: string): Promise<NpmPackage> {
  const pin = await readPin(name);
  const id = `${name}@${pin.version}`;
  const installed = join(ROOT, "node_modules", name);
  const packed = join(BUILD, "packages", id.replaceAll("/", "+"));
  for (const folder of [installed, packed]) {
    if (await Bun.file(join(folder, file)).exists()) return { id, folder };
  }
  await pack(id, pin, packed);
  return { id, folder: packed };
}

/** What bun.lock says of the package `name`, which it must know. */
export async function readPin(name: string): Promise<Pin> {
  // bun.lock is JSON with trailing commas, which is JSONC.
  const lock = Bun.JSONC.parse(await Bun.file(join(ROOT, "bun.lock")).text()) as {
    packages: Record<string, [id: string, registry: string, meta: unknown, integrity: string]>;
  };
  const entry = lock.packages[name];
  if (entry === undefined) throw new Error(`bun.lock does not pin ${name}`);
  const [id, , , integrity] = entry;
  return { version: id.slice(name.length + 1), integrity };
}

async function pack(id: string, pin: Pin, folder: string): Promise<void> {
  const scratch = `${folder}.new`;
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true });
  const npm = Bun.spawn(["npm", "pack", id, "--silent", "--pack-destination", scratch], {
    cwd: scratch,
    stdout: "pipe",
    stderr: "inherit",
  });
  const tarball = (await new Response(npm.stdout).text()).trim();
  if ((await npm.exited) !== 0) throw new Error(`npm pack ${id} failed`);
  const bytes = await Bun.file(join(scratch, tarball)).bytes();
  requireIntegrity(id, bytes, pin.integrity);
  await new Bun.Archive(bytes).extract(scratch);
  await rename(join(scratch, "package"), folder);
  await rm(scratch, { recursive: true });
}

/** Throws unless `bytes` have the sha512 of `integrity`, which is written as npm does: "sha512-" and base64. */
export function requireIntegrity(id: string, bytes: Uint8Array, integrity: string): void {
  const found = `sha512-${new Bun.CryptoHasher("sha512").update(bytes).digest("base64")}`;
  if (found !== integrity) throw new Error(`npm delivered another ${id} than bun.lock pins: ${found}`);
}
