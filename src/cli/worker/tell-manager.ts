/** Tells the systemd or the Windows that has started this worker how it is; without one nothing is loaded and nothing told. */
import type { Worker } from "../../engine/worker.ts";
import { stopMarginMs } from "../../service/definition.ts";
import { openNotifySocket } from "../../service/notify/notify-socket.ts";
import { tellSystemd, type WorkerLook, watchdogMsOf } from "../../service/notify/tell-systemd.ts";
import type { Prepared } from "../prepare.ts";
import { ofSystemd } from "./child-environment.ts";
import { tellWindowsReady } from "./windows-service.ts";

export interface ManagerTelling {
  /** What is being done before there is a worker. */
  step(step: string): void;
  /** Everything is up but the database: no reason to start the service again. */
  wait(status: string): void;
  /** From now on this one is looked at. */
  watch(worker: Pick<Worker, "status">): void;
  stop(): void;
}

/** Handlers that are busy for a moment are no news. */
const deafMs = 10_000;

/** Takes systemd's variables out of the environment: what the worker starts is not to speak for it. */
export function tellManager({ config, logger }: Pick<Prepared, "config" | "logger">): ManagerTelling {
  const { NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID } = process.env;
  for (const name of ofSystemd) delete process.env[name];
  const notify = NOTIFY_SOCKET ? openNotifySocket(NOTIFY_SOCKET) : undefined;
  if (NOTIFY_SOCKET && notify === undefined)
    logger.warn("NOTIFY_SOCKET can't be reached: systemd is not told of this worker", {
      socket: NOTIFY_SOCKET,
    });
  if (notify === undefined) return { step() {}, wait: tellWindowsReady, watch: tellWindowsReady, stop() {} };

  let look = startingLook("starting");
  const telling = tellSystemd({
    notify,
    look: () => look(),
    watchdogMs: watchdogMsOf({ WATCHDOG_USEC, WATCHDOG_PID }, process.pid),
    stopMs: config.drainTimeoutMs + stopMarginMs,
    onStuck: (part, lateMs) =>
      logger.error(
        `${part} has not turned for ${Math.round(lateMs / 1_000)} s: systemd is to start this worker again`,
      ),
  });
  return {
    step(step) {
      look = startingLook(`starting: ${step}`);
    },
    wait(status) {
      look = () => ({ ...startingLook(status)(), isUp: true });
    },
    watch(worker) {
      look = () => lookAt(worker);
    },
    stop: telling.stop,
  };
}

const startingLook = (status: string) => (): WorkerLook => ({
  isUp: false,
  stopping: false,
  status,
  late: { part: "the start", ms: 0 },
});

function lookAt(worker: Pick<Worker, "status">): WorkerLook {
  const now = worker.status();
  return {
    isUp: now.lastClaimAt !== undefined,
    stopping: now.stopping,
    status: describe(now),
    late: now.late,
  };
}

function describe({
  workerId,
  running,
  slots,
  handlersDeafMs,
  stopping,
}: ReturnType<Worker["status"]>): string {
  const count = `${running} of ${slots} slots in use`;
  if (stopping) return running === 0 ? "stopping" : `stopping when ${running} running tasks have ended`;
  if (workerId === undefined) return "no task is started: the database has not renewed the lease";
  return handlersDeafMs > deafMs ? `${count}; the handlers do not answer` : count;
}
