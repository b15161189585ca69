/** The signals by which a terminal, a supervisor or Windows asks the worker to stop. */

const stopSignals: NodeJS.Signals[] =
  process.platform === "win32"
    ? // Ctrl+C, Ctrl+Break, and the console's window being closed. SIGTERM never arrives there.
      ["SIGINT", "SIGBREAK", "SIGHUP"]
    : ["SIGINT", "SIGTERM"];

/**
 * Calls `onFirst` at the first, `onSecond` at each later one.
 * @returns what takes the listeners off again.
 */
export function onStopSignals(
  onFirst: (signal: string) => void,
  onSecond: (signal: string) => void,
): () => void {
  let asked = false;
  const listener = (signal: string) => {
    if (asked) onSecond(signal);
    asked = true;
    onFirst(signal);
  };
  for (const signal of stopSignals) process.on(signal, listener);
  return () => {
    for (const signal of stopSignals) process.off(signal, listener);
  };
}
