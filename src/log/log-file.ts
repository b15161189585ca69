/**
 * The log in a file: whole lines appended, so that several processes may share it; begun anew when it is large or old.
 * A file that can't be written costs nobody anything but the place: its lines go elsewhere until it can be again.
 */
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { codeOf } from "../task/thrown.ts";
import type { SyncStream } from "./sync-stream.ts";

export interface LogFileOptions {
  path: string;
  /** One that has grown to this many bytes is put aside. */
  maxBytes: number;
  /** So is one that was begun this long ago. */
  maxAgeMs: number;
  /** How many that were put aside are kept, the newest. */
  keep: number;
  /** Takes the lines that the file can't, and the news of it. */
  fallback: SyncStream;
  now?: () => number;
}

export interface LogFile extends SyncStream {
  /** Why it can't be written now, in words that follow its path. */
  readonly fault: string | undefined;
  /** Whatever its name leads to now, as after logrotate has moved it. */
  reopen(): void;
}

/** How often the file is looked at: another process may have put it aside, or written to it. */
const lookMs = 1_000;
const stamped = /\.\d{8}T\d{9}Z-\d+$/;

/** Opens it, and makes its folder where there is none. Never throws: a fault is told in `fallback` and in `fault`. */
export function openLogFile(options: LogFileOptions): LogFile {
  const { path, maxBytes, maxAgeMs, keep, fallback, now = Date.now } = options;
  let open: { fd: number; inode: number; begunAt: number } | undefined;
  let size = 0;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let putAsideAt = Number.NEGATIVE_INFINITY;
  /** A line that was written in part must end before the next. */
  let torn = false;
  let fault: string | undefined;

  function openFile() {
    mkdirSync(dirname(path), { recursive: true });
    const fd = openSync(path, "a", 0o640);
    const { ino, birthtimeMs, mtimeMs, size: bytes } = fstatSync(fd);
    // Some file systems do not know when a file was made.
    open = { fd, inode: ino, begunAt: birthtimeMs > 0 ? birthtimeMs : mtimeMs };
    size = bytes;
    return open;
  }

  function close() {
    const before = open;
    open = undefined;
    if (before !== undefined) closeSync(before.fd);
  }

  /** @returns the file that the path names, put aside before when its time had come. */
  function current() {
    const file = open ?? openFile();
    const elapsed = now() - lookedAt;
    if (size < maxBytes && elapsed >= 0 && elapsed < lookMs) return file;
    lookedAt = now();
    const named = statSync(path, { throwIfNoEntry: false });
    if (named?.ino !== file.inode) {
      close();
      return openFile();
    }
    size = named.size;
    if (size === 0 || (size < maxBytes && now() - file.begunAt < maxAgeMs)) return file;
    close();
    putAside();
    return openFile();
  }

  /** By a name that is used once, by no other process either: a rename onto a file that is there would lose its lines. */
  function putAside() {
    putAsideAt = Math.max(now(), putAsideAt + 1);
    const stamp = new Date(putAsideAt).toISOString().replaceAll(/[-:.]/g, "");
    try {
      renameSync(path, `${path}.${stamp}-${process.pid}`);
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
      // Another process has just done so.
    }
    const folder = dirname(path);
    const aside = readdirSync(folder).filter(
      (name) => name.startsWith(`${basename(path)}.`) && stamped.test(name),
    );
    for (const name of aside.sort().slice(0, Math.max(0, aside.length - keep)))
      rmSync(join(folder, name), { force: true });
  }

  function append(fd: number, text: string) {
    const bytes = Buffer.from(torn ? `\n${text}` : text);
    let written = 0;
    try {
      // Nearly always one call: what is appended at once stays together.
      while (written < bytes.length) written += writeSync(fd, bytes, written);
      torn = false;
    } finally {
      if (written > 0 && written < bytes.length) torn = true;
      size += written;
    }
  }

  function tell(error: unknown) {
    const code = codeOf(error) ?? String(error);
    const why = `can't be written (${code === "ENOSPC" ? "no space is left" : code})`;
    if (fault !== why)
      fallback.write(`fiscaut-tasks: the log file ${path} ${why}: its lines come here until it can\n`);
    fault = why;
  }

  function tryTo(work: () => void): boolean {
    try {
      work();
      if (fault !== undefined) fallback.write(`fiscaut-tasks: the log file ${path} can be written again\n`);
      fault = undefined;
      return true;
    } catch (error) {
      tell(error);
      return false;
    }
  }

  function reopen() {
    tryTo(() => {
      close();
      openFile();
    });
  }

  reopen();
  return {
    isTTY: false,
    get fault() {
      return fault;
    },
    reopen,
    write(text) {
      if (!tryTo(() => append(current().fd, text))) fallback.write(text);
    },
  };
}
