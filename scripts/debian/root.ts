/**
 * Lays a folder with a Debian of its own, for tests of programs that this machine need not have, and enters it.
 * It leaves which programs those are to `wine-root.ts` and `clients-root.ts`.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { finished } from "../../test/finished.ts";
import { findDebianMirror } from "./mirror.ts";

/** What apt needs to reach its mirror from inside: proxies, credentials, certificates, names. */
const NETWORK_FILES = [
  "etc/apt/apt.conf",
  "etc/apt/apt.conf.d",
  "etc/apt/auth.conf",
  "etc/apt/auth.conf.d",
  "etc/ssl/certs/ca-certificates.crt",
  "etc/resolv.conf",
  "etc/hosts",
];

export type DebianRoot = {
  /** The folder; it is kept for the next time. */
  root: string;
  /** Debian's code name. */
  release: string;
  packages: string[];
};

/**
 * Lays the root when it isn't there yet. Atomic: an interrupted or concurrent call leaves no half-laid root.
 * @throws Error when not root, not on Debian, or when a step fails (with the step's own output).
 */
export async function layDebianRoot(
  { root, release, packages }: DebianRoot,
  say: (line: string) => void,
): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new Error("these tests lay a Debian root with debootstrap and enter it by chroot: run as root");
  }
  if (existsSync(root)) return;

  const mirror = findDebianMirror(hostRelease());
  if (Bun.which("debootstrap") === null) {
    say("installing debootstrap");
    await runStep(["apt-get", "update"]);
    await runStep(["apt-get", "install", "--yes", "--no-install-recommends", "debootstrap"]);
  }
  const partial = `${root}.${process.pid}.partial`;
  mkdirSync(dirname(root), { recursive: true });
  try {
    say(`laying Debian ${release} in ${root}`);
    const include = "--include=ca-certificates";
    await runStep(["debootstrap", "--variant=minbase", include, release, partial, mirror]);
    for (const file of NETWORK_FILES) copyFromHost(file, partial);
    say(`installing ${packages.join(", ")} in it`);
    await runStep(enterRoot(partial, ["apt-get", "update"]));
    const install = ["apt-get", "install", "--yes", "--no-install-recommends", ...packages];
    await runStep(enterRoot(partial, install));
    rmSync(join(partial, "var/cache/apt/archives"), { recursive: true });
    publish(partial, root);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

/**
 * The command line that runs `command` with `root` as its `/`. `/proc` and `/dev` are mounted in a mount
 * namespace of that process alone, so nothing stays mounted. The network stays the machine's own.
 * Every step is an exec: the process that is spawned becomes the command itself, with the same pid.
 */
export function enterRoot(root: string, command: string[]): string[] {
  const script = 'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" "$@"';
  return ["unshare", "--mount", "sh", "-c", script, root, ...command];
}

function hostRelease(): string {
  const release = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1];
  if (release === undefined) {
    throw new Error("these tests need Debian: its apt sources name the mirror that the root comes from");
  }
  return release;
}

function copyFromHost(file: string, root: string): void {
  const from = join("/", file);
  if (!existsSync(from)) return;
  // Links such as resolv.conf's point outside of the new root: take what they lead to.
  cpSync(from, join(root, file), { recursive: true, dereference: true, force: true });
}

function publish(partial: string, root: string): void {
  try {
    renameSync(partial, root);
  } catch (error) {
    if (!existsSync(root)) throw error; // else another run laid it meanwhile: equally good
  }
}

async function runStep(command: string[]): Promise<void> {
  const step = Bun.spawn(command, {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" },
  });
  const { exitCode, stdout, stderr } = await finished(step);
  if (exitCode !== 0) {
    const tail = `${stdout}\n${stderr}`.trim().split("\n").slice(-20).join("\n");
    throw new Error(`"${command.join(" ")}" ended with ${exitCode}:\n${tail}`);
  }
}
