/** The server's log file: bounded, and read back when the server does not start. */
import { open, rename, stat } from "node:fs/promises";
import { isMissing } from "./faults.ts";

/** A server start with a longer log than this begins a new one. */
const rotateAtBytes = 8 * 1024 * 1024;
const tailBytes = 16 * 1024;

/** Keeps one older log as `<path>.1`. Call it only while no server writes. */
export async function rotateLog(path: string): Promise<void> {
  if ((await sizeOf(path)) > rotateAtBytes) await rename(path, `${path}.1`);
}

/** The size in bytes, 0 when there is no log yet. Marks where the next start's lines begin. */
export async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (fault) {
    if (isMissing(fault)) return 0;
    throw fault;
  }
}

/** What was written after the first `from` bytes; if that is long its newest lines, whole ones. */
export async function readTail(path: string, from: number): Promise<string> {
  const size = await sizeOf(path);
  const start = Math.max(from, size - tailBytes);
  if (size <= start) return "";
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
    const text = buffer.toString("utf8", 0, bytesRead);
    return start > from ? text.slice(text.indexOf("\n") + 1) : text;
  } finally {
    await file.close();
  }
}
