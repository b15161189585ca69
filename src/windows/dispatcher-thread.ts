/**
 * The thread in which Windows' service dispatcher runs: it blocks until the service has stopped, so no other will do.
 * What it calls runs in the main thread, see `service-control.ts`.
 */
import { ptr } from "bun:ffi";
import { advapi32, kernel32, wideText } from "./api.ts";

export interface DispatcherSetup {
  name: string;
  /** Of the callback that is ServiceMain, in the main thread's memory: threads share it. */
  serviceMain: number;
}

/** The dispatcher's return: Windows' error, 0 after an ordinary end. */
export interface DispatcherReturned {
  lastError: number;
}

declare const self: Worker;

self.onmessage = ({ data }: MessageEvent<DispatcherSetup>) => {
  const name = wideText(data.name);
  // Two SERVICE_TABLE_ENTRYW, of which the second ends the table.
  const table = new BigUint64Array(4);
  table[0] = BigInt(ptr(name));
  table[1] = BigInt(data.serviceMain);
  const ended = advapi32().StartServiceCtrlDispatcherW(table);
  postMessage({ lastError: ended ? 0 : kernel32().GetLastError() } satisfies DispatcherReturned);
};
