/**
 * `sc` with the two words that Wine's own lacks: `config`, by the call that Windows' own makes, and `failureflag`, which
 * is left out, since Wine's service manager has no such flag. All others are passed on. Compiled by `stand-ins.ts`.
 */
import { dlopen } from "bun:ffi";

const words = process.argv.slice(2);
const [verb = "", name = ""] = words;

if (verb === "config") configure(new Map(pairsOf(words.slice(2))));
else if (verb !== "failureflag") {
  const own = Bun.spawnSync(["C:\\windows\\system32\\sc.exe", ...words], {
    stdout: "inherit",
    stderr: "inherit",
  });
  process.exit(own.exitCode);
}

/** `start= delayed-auto` and so on. */
function pairsOf([key, value, ...others]: string[]): [string, string][] {
  return key === undefined || value === undefined ? [] : [[key, value], ...pairsOf(others)];
}

function configure(given: Map<string, string>): void {
  const advapi32 = dlopen("advapi32.dll", {
    OpenSCManagerW: { args: ["u64", "u64", "u32"], returns: "u64" },
    OpenServiceW: { args: ["u64", "buffer", "u32"], returns: "u64" },
    ChangeServiceConfigW: {
      args: ["u64", "u32", "u32", "u32", "buffer", "u64", "u64", "u64", "buffer", "u64", "buffer"],
      returns: "i32",
    },
  }).symbols;
  const SC_MANAGER_CONNECT = 1;
  const SERVICE_CHANGE_CONFIG = 2;
  const SERVICE_NO_CHANGE = 0xffffffff;
  const SERVICE_AUTO_START = 2;

  const expected = ["binPath=", "start=", "DisplayName=", "obj="];
  if ([...given.keys()].join() !== expected.join() || given.get("start=") !== "delayed-auto")
    throw new Error(`other words than were expected: ${words.join(" ")}`);
  const wide = (key: string) => Buffer.from(`${given.get(key)}\0`, "utf16le");
  const manager = advapi32.OpenSCManagerW(0n, 0n, SC_MANAGER_CONNECT);
  const service = advapi32.OpenServiceW(manager, Buffer.from(`${name}\0`, "utf16le"), SERVICE_CHANGE_CONFIG);
  const changed = advapi32.ChangeServiceConfigW(
    ...([service, SERVICE_NO_CHANGE, SERVICE_AUTO_START, SERVICE_NO_CHANGE] as const),
    ...([wide("binPath="), 0n, 0n, 0n, wide("obj="), 0n, wide("DisplayName=")] as const),
  );
  process.exit(changed === 0 ? 1 : 0);
}
