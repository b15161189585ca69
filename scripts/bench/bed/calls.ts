/** Runs `peers/call.mjs`: a program that enqueues, on Node. */
import type { Bed, Contender } from "../contenders/contender.ts";
import { runChild } from "./children.ts";
import { peerProgram } from "./peers.ts";

export interface Calls {
  way: "one" | "many" | "paced";
  count: number;
  /** The first task number; 0 if not said otherwise. */
  from?: number;
  callers?: number;
  /** Each caller makes a call before, which is not counted. */
  warmUp?: boolean;
  pauseMs?: number;
  perSecond?: number;
  /** Each task is looked for until it is durably finished. */
  watch?: boolean;
  limitMs?: number;
}

export interface Called {
  made: number;
  tookMs: number;
  /** A call each, from the first on, by `instantMs`; 0: not made, or not done. */
  calledMs: number[];
  doneMs: number[];
}

const marginMs = 30_000;

/** @param http of a worker, for callers that enqueue by it. */
export async function call(contender: Contender, bed: Bed, calls: Calls, http = ""): Promise<Called> {
  const command = peerProgram("call.mjs", contender.caller, JSON.stringify(calls));
  const limitMs = (calls.limitMs ?? 60_000) + marginMs;
  return JSON.parse(await runChild(command, { ...bed.env, BENCH_HTTP: http }, limitMs)) as Called;
}

/** One call, once the worker's HTTP server is there for those that need it. */
export async function callWhenItAnswers(contender: Contender, bed: Bed, http: string): Promise<void> {
  await waitForHttp(contender, http);
  await call(contender, bed, { way: "one", count: 1 }, http);
}

/** Returns at once for contenders that enqueue otherwise. */
export async function waitForHttp(contender: Contender, http: string): Promise<void> {
  if (contender.caller === "ours-http") await waitForWorker(http);
}

/** Until the worker with that HTTP server is ready. */
export async function waitForWorker(http: string): Promise<void> {
  const deadline = performance.now() + marginMs;
  while (!(await isReady(http))) {
    if (performance.now() > deadline) throw new Error(`the worker at ${http} was not ready`);
    await Bun.sleep(10);
  }
}

async function isReady(http: string): Promise<boolean> {
  return await fetch(`${http}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
}
