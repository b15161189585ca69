/**
 * The executable's code in memory. Linux maps what runs, with what lies around it, and leaves it mapped; a start runs much
 * that nothing needs later. When to let go of it is the caller's affair.
 */
import { dlopen, FFIType } from "bun:ffi";
import { readFileSync } from "node:fs";

const dontNeed = 4;

/**
 * Lets go of all of it: what runs again is mapped anew, from the system's cache, some milliseconds of a core in all. Only of
 * pages that nobody can write to, so that nothing is lost.
 * @throws where there is no /proc, or no libc of that name.
 */
export function dropCodePages(): void {
  const { symbols, close } = dlopen("libc.so.6", {
    madvise: { args: [FFIType.u64, FFIType.u64, FFIType.i32], returns: FFIType.i32 },
  });
  for (const { from, to } of codeMappings()) symbols.madvise(from, to - from, dontNeed);
  close();
}

function codeMappings(): { from: bigint; to: bigint }[] {
  const mappings: { from: bigint; to: bigint }[] = [];
  for (const line of readFileSync("/proc/self/maps", "utf8").split("\n")) {
    // Range, rights, offset, device, inode, path.
    const [, from, to, path] = /^([0-9a-f]+)-([0-9a-f]+) r-xp \S+ \S+ \S+ +(.*)$/.exec(line) ?? [];
    if (path === process.execPath) mappings.push({ from: BigInt(`0x${from}`), to: BigInt(`0x${to}`) });
  }
  return mappings;
}
