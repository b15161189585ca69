/**
 * Standard output and standard error as this program needs them: what was written is out when `write` returns, so
 * nothing is lost when the process exits right after. `process.stdout` and `process.stderr` lose what they have
 * queued for a pipe.
 */
import { writeSync } from "node:fs";
import { isatty } from "node:tty";
import { codeOf } from "../task/thrown.ts";

/** Where a log goes. */
export interface SyncStream {
  readonly isTTY: boolean;
  write(text: string): void;
}

/** Text goes out as UTF-8. */
export interface StandardStream extends SyncStream {
  write(text: string | Uint8Array): void;
}

export const stdout = syncStream(1);
export const stderr = syncStream(2);

/**
 * Waits for a slow reader like any program that writes to a pipe. A reader that has gone away, a full disk or a
 * closed descriptor costs the line but never the worker: there is nowhere left to complain.
 */
function syncStream(fd: number): StandardStream {
  return {
    isTTY: isatty(fd),
    write(text) {
      const bytes = typeof text === "string" ? Buffer.from(text) : text;
      let written = 0;
      while (written < bytes.length) {
        try {
          written += writeSync(fd, bytes, written);
        } catch (error) {
          if (!isBusy(error)) return;
          Bun.sleepSync(1);
        }
      }
    },
  };
}

/** A pipe is non-blocking once anything in the process has touched the stream of Node's name. */
const isBusy = (error: unknown) => codeOf(error) === "EAGAIN";
