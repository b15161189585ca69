/**
 * Runs a command, `run`, as a native Windows service: the manager's requests become stop requests, the worker's life is
 * told to the manager and to the Event Log. The calls themselves are `src/windows/`'s.
 */
import { writeEvent } from "../../windows/event-log.ts";
import { WindowsService } from "../../windows/service-control.ts";
import { buildInfo } from "../build-info.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { requestStop } from "./stop-signals.ts";

/** What a command came to: with a fault, in the operator's words, when it failed. */
export interface Outcome {
  code: ExitCode;
  fault?: string | undefined;
}

const heartbeatMs = 2_000;
/** How long Windows waits without a word before it takes the service for stuck. */
const hintMs = 30_000;
/** Windows ends all services 5 s after it has begun to shut down: what has not ended by then is given back. */
const shutdownDrainMs = 1_500;

let onReady = () => {};

/** The worker has started; nothing happens where it is no service. */
export function tellWindowsReady(): void {
  onReady();
}

/**
 * @param words the service's name, then the command's.
 * @throws OperatorError "usage" when Windows' service manager has not started this process.
 */
export async function runWindowsService(
  [name = "", ...words]: string[],
  runCommand: (words: string[]) => Promise<Outcome>,
): Promise<ExitCode> {
  let pending: "start-pending" | "stop-pending" | undefined = "start-pending";
  const service = await WindowsService.connect(name, hintMs, (request) => {
    pending = "stop-pending";
    service.pending(pending, hintMs);
    requestStop(request === "stop" ? "Windows stops the service" : "Windows shuts down");
    if (request === "shutdown") setTimeout(requestStop, shutdownDrainMs, "Windows shuts down");
  });
  const heartbeat = setInterval(() => {
    if (pending !== undefined) service.pending(pending, hintMs);
  }, heartbeatMs);
  onReady = () => {
    if (pending !== "start-pending") return;
    pending = undefined;
    service.running();
    writeEvent(name, "information", `fiscaut-tasks ${buildInfo.version} is running.`);
  };

  const { code, fault } = await runCommand(words);
  clearInterval(heartbeat);
  const drained = code !== exitCodes["drain-timed-out"];
  if (fault !== undefined)
    writeEvent(name, "error", `fiscaut-tasks has ended with exit code ${code}.\r\n\r\n${fault}`);
  else if (drained) writeEvent(name, "information", "fiscaut-tasks has stopped.");
  else
    writeEvent(
      name,
      "warning",
      "fiscaut-tasks has stopped. Its drain time was over: unfinished tasks were given back.",
    );
  // Any other code sets Windows' recovery actions off, which would start what somebody has stopped.
  service.stopped(drained ? code : exitCodes.ok);
  return code;
}
