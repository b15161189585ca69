// Lays the folder with a Debian of its own in which Wine 10 runs: newer than the machine's Debian may carry.
// It leaves running programs in there to `wine.ts`.
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { findDebianMirror } from "./debian-mirror.ts";

/** Debian release whose Wine is 10: Wine 8 lacks calls that Bun (`ProcessPrng`) and Postgres need. */
const WINE_RELEASE = "trixie";
const WINE_PACKAGES = ["wine", "wine64", "libwine"];

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

/**
 * Gives the Wine root, laying it when it isn't there yet (about a minute, 1.4 GB, kept for the next time).
 * Atomic: an interrupted or concurrent call leaves no half-laid root. Its place is
 * `FISCAUT_TASKS_WINE_ROOT`, else under `/var/cache`.
 * @throws Error when not root, not on Debian amd64, or when a step fails (with the step's own output).
 */
export async function layWineRoot(say: (line: string) => void): Promise<string> {
  if (process.getuid?.() !== 0) {
    throw new Error(
      "the Windows tests lay a Debian root with debootstrap and enter it by chroot: run as root",
    );
  }
  const root = process.env["FISCAUT_TASKS_WINE_ROOT"] ?? `/var/cache/fiscaut-tasks/wine-${WINE_RELEASE}`;
  if (existsSync(root)) return root;

  const mirror = findDebianMirror(hostRelease());
  if (Bun.which("debootstrap") === null) {
    say("installing debootstrap");
    await runStep(["apt-get", "update"]);
    await runStep(["apt-get", "install", "--yes", "--no-install-recommends", "debootstrap"]);
  }
  const partial = `${root}.${process.pid}.partial`;
  mkdirSync(dirname(root), { recursive: true });
  try {
    say(`laying Debian ${WINE_RELEASE} in ${root}`);
    const include = "--include=ca-certificates";
    await runStep(["debootstrap", "--variant=minbase", include, WINE_RELEASE, partial, mirror]);
    for (const file of NETWORK_FILES) copyFromHost(file, partial);
    say(`installing ${WINE_PACKAGES.join(", ")} in it`);
    await runStep(enterRoot(partial, ["apt-get", "update"]));
    const install = ["apt-get", "install", "--yes", "--no-install-recommends", ...WINE_PACKAGES];
    await runStep(enterRoot(partial, install));
    rmSync(join(partial, "var/cache/apt/archives"), { recursive: true });
    publish(partial, root);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return root;
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
  if (release === undefined || process.arch !== "x64") {
    throw new Error(
      "the Windows tests need Debian on amd64: its apt sources name the mirror that Wine comes from",
    );
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
  const [out, err, code] = await Promise.all([step.stdout.text(), step.stderr.text(), step.exited]);
  if (code !== 0) {
    const tail = `${out}\n${err}`.trim().split("\n").slice(-20).join("\n");
    throw new Error(`"${command.join(" ")}" ended with ${code}:\n${tail}`);
  }
}
