/** The signals by which a terminal, a supervisor or Windows asks the worker to stop. */

const stopSignals: NodeJS.Signals[] =
  process.platform === "win32"
    ? // Ctrl+C, Ctrl+Break, and the console's window being closed. SIGTERM never arrives there.
      ["SIGINT", "SIGBREAK", "SIGHUP"]
    : ["SIGINT", "SIGTERM"];

/** Calls `onSignal` with how many there have been, from 1; from now on none ends the process by itself. */
export function onStopSignals(onSignal: (signal: string, count: number) => void): void {
  let count = 0;
  for (const name of stopSignals) process.on(name, (signal: string) => onSignal(signal, ++count));
}
