/**
 * This process as a native Windows service: what the Service Control Manager asks it, and what it is told. What the
 * service does is for the caller; how it is registered is `src/service/`'s affair.
 */
import { JSCallback } from "bun:ffi";
import { OperatorError } from "../task/errors.ts";
import { advapi32, kernel32, wideText } from "./api.ts";
import type { DispatcherReturned, DispatcherSetup } from "./dispatcher-thread.ts";

/** The executable holds it as an entry of its own, by its path in the repository (see `scripts/build/executable.ts`). */
const entry = Bun.isStandaloneExecutable ? "./src/windows/dispatcher-thread.js" : "./dispatcher-thread.ts";

/** What Windows may ask: an operator's or program's stop, or the end of the whole machine, which waits for nobody. */
export type ServiceRequest = "stop" | "shutdown";

const controls = { stop: 1, interrogate: 4, shutdown: 5 } as const;
const states = { stopped: 1, "start-pending": 2, "stop-pending": 3, running: 4 } as const;
const acceptStopAndShutdown = 1 | 4;
const ownProcess = 0x10;
/** ERROR_SERVICE_SPECIFIC_ERROR: the code beside it is the service's own. */
const serviceSpecificError = 1066;
/** ERROR_FAILED_SERVICE_CONTROLLER_CONNECT: no service manager has started this process. */
const notStartedAsService = 1063;

export class WindowsService {
  readonly #handle: bigint;
  #state: keyof typeof states = "start-pending";
  #checkPoint = 0;
  #waitHintMs = 0;
  /** Windows holds their addresses for as long as the process lives. */
  readonly #callbacks: JSCallback[];

  private constructor(handle: bigint, callbacks: JSCallback[]) {
    this.#handle = handle;
    this.#callbacks = callbacks;
  }

  /**
   * Connects this process to the manager that started it, and tells it that the start is under way.
   * @param onRequest called in this thread, at any time from now on.
   * @throws OperatorError "usage" when no manager has started it.
   */
  static async connect(
    name: string,
    startHintMs: number,
    onRequest: (request: ServiceRequest) => void,
  ): Promise<WindowsService> {
    const { promise: connected, resolve, reject } = Promise.withResolvers<WindowsService>();
    let service: WindowsService | undefined;
    const wideName = wideText(name);
    // `void` and threadsafe: Windows calls from threads of its own, which go on at once; this thread does the work.
    const handler = callback(
      (control: number) => {
        if (control === controls.stop) onRequest("stop");
        else if (control === controls.shutdown) onRequest("shutdown");
        else if (control === controls.interrogate) service?.repeat();
      },
      ["u32"],
    );
    const serviceMain = callback(() => {
      const handle = advapi32().RegisterServiceCtrlHandlerW(wideName, handler.ptr);
      if (handle === 0n) {
        reject(new Error(`RegisterServiceCtrlHandlerW failed with ${kernel32().GetLastError()}`));
        return;
      }
      service = new WindowsService(handle, [handler, serviceMain]);
      service.pending("start-pending", startHintMs);
      resolve(service);
    }, ["u32", "u64"]);

    const thread = new Worker(new URL(entry, import.meta.url).href);
    thread.onmessage = ({ data }: MessageEvent<DispatcherReturned>) => reject(explain(data.lastError));
    thread.addEventListener("error", (event) => reject(new Error(event.message)));
    thread.postMessage({ name, serviceMain: Number(serviceMain.ptr) } satisfies DispatcherSetup);
    return await connected;
  }

  /**
   * Tells that the start or the stop goes on. Windows gives up on a service that lets the hint pass in silence, so
   * it is to be called again before.
   */
  pending(state: "start-pending" | "stop-pending", waitHintMs: number): void {
    this.#checkPoint = this.#state === state ? this.#checkPoint + 1 : 1;
    this.#state = state;
    this.#waitHintMs = waitHintMs;
    this.repeat();
  }

  running(): void {
    this.#state = "running";
    this.#checkPoint = 0;
    this.#waitHintMs = 0;
    this.repeat();
  }

  /** The last word: Windows may end the process from here on. Any code but 0 sets its recovery actions off. */
  stopped(exitCode: number): void {
    this.#state = "stopped";
    this.#checkPoint = 0;
    this.#waitHintMs = 0;
    this.#tell(exitCode);
    for (const each of this.#callbacks) void each; // kept to here
  }

  repeat(): void {
    this.#tell(0);
  }

  #tell(exitCode: number): void {
    const status = new Uint32Array([
      ownProcess,
      states[this.#state],
      this.#state === "running" || this.#state === "start-pending" ? acceptStopAndShutdown : 0,
      exitCode === 0 ? 0 : serviceSpecificError,
      exitCode,
      this.#checkPoint,
      this.#waitHintMs,
    ]);
    advapi32().SetServiceStatus(this.#handle, status);
  }
}

const callback = (call: (...args: never[]) => void, args: ("u32" | "u64")[]) =>
  new JSCallback(call, { args, returns: "void", threadsafe: true });

function explain(lastError: number): Error {
  return lastError === notStartedAsService
    ? new OperatorError("usage", "`windows-service` is for Windows' Service Control Manager to start", {
        hint: "fiscaut-tasks run in a console; fiscaut-tasks service start for the service",
      })
    : new Error(`StartServiceCtrlDispatcherW failed with ${lastError}`);
}
