/** What processes cost, read from /proc. */
import { readdirSync, readFileSync } from "node:fs";

/** USER_HZ, which Linux has fixed at 100 for its users. */
const msPerTick = 10;

/** Processor time of a process and all its threads, in ms; 0 of one that is gone. */
export function cpuMsOf(pid: number): number {
  const fields = statFields(pid);
  return fields === undefined ? 0 : (Number(fields[11]) + Number(fields[12])) * msPerTick;
}

/** Processor time of a process and all that it started, running or ended and reaped, in ms. */
export function cpuMsOfFamily(pid: number): number {
  const fields = statFields(pid);
  if (fields === undefined) return 0;
  const own = fields.slice(11, 15).reduce((ticks, field) => ticks + Number(field), 0) * msPerTick;
  return childrenOf(pid).reduce((sum, child) => sum + cpuMsOfFamily(child), own);
}

/** Resident bytes of a process and all that it started. */
export function residentBytesOf(pid: number): number {
  const pages = Number(read(`/proc/${pid}/statm`)?.split(" ")[1] ?? 0);
  return childrenOf(pid).reduce((sum, child) => sum + residentBytesOf(child), pages * 4096);
}

function childrenOf(pid: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => statFields(child)?.[1] === String(pid));
}

/** From the state on: what stands before it, the name in brackets, may hold blanks. */
function statFields(pid: number): string[] | undefined {
  const text = read(`/proc/${pid}/stat`);
  return text?.slice(text.lastIndexOf(")") + 2).split(" ");
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
