/**
 * Makes a line of the task's log of what a handler prints with console.log and its like, wherever in its attempt. What is
 * printed outside of any attempt goes where it always went.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { format } from "node:util";

type Log = (message: string) => void;

const current = new AsyncLocalStorage<Log>();

/** Once a thread, before its first attempt. @param target the thread's own `console`. */
export function captureConsole(target: Console): void {
  for (const method of ["debug", "log", "info", "warn", "error"] as const) {
    const print = target[method].bind(target);
    target[method] = (...printed: unknown[]) => {
      const log = current.getStore();
      if (log === undefined) print(...printed);
      else log(format(...printed));
    };
  }
}

/** Runs `start`; what is printed by it, and by all that it waits for or sets off, goes to `log`. */
export function withConsole<Result>(log: Log, start: () => Result): Result {
  return current.run(log, start);
}
