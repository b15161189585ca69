/**
 * By what a terminal, a supervisor or Windows asks the worker to stop, and the signal by which logrotate asks it to open
 * its log again.
 */
import { stderr } from "../../log/sync-stream.ts";

const stopSignals: NodeJS.Signals[] =
  process.platform === "win32"
    ? // Ctrl+C, Ctrl+Break, and the console's window being closed. SIGTERM never arrives there.
      ["SIGINT", "SIGBREAK", "SIGHUP"]
    : // From a terminal SIGHUP says that it was closed.
      ["SIGINT", "SIGTERM", ...(stderr.isTTY ? (["SIGHUP"] as const) : [])];

type OnStop = (by: string, count: number) => void;

/** Requests that are no signals, for whoever listens or will. */
const requests: string[] = [];
let onRequest: (by: string) => void = (by) => void requests.push(by);

/** Asks as a signal would, also before anybody listens. */
export function requestStop(by: string): void {
  onRequest(by);
}

/** Calls `onStop` with how many requests there have been, from 1; from now on no signal ends the process by itself. */
export function onStopSignals(onStop: OnStop): void {
  let count = 0;
  const take = (by: string) => onStop(by, ++count);
  for (const name of stopSignals) process.on(name, take);
  onRequest = take;
  for (const by of requests.splice(0)) take(by);
}

/** Calls `onHangUp` at each SIGHUP that asks for no stop. */
export function onHangUp(onHangUp: () => void): void {
  if (!stopSignals.includes("SIGHUP")) process.on("SIGHUP", onHangUp);
}
