/** The steps of `life.test.ts` that change queues; the others are in `life-steps.ts`. */
import { changeQueue } from "../../../src/store/queues.ts";
import type { HistoryRule } from "../../../src/task/doors/queue.ts";
import { type Step, step } from "./life.ts";

export function pause([queue, paused]: [string, boolean]): Step {
  return step(`${paused ? "pause" : "resume"} ${queue}`, async ({ store, model }) => {
    await changeQueue(store, queue, { paused });
    if (paused) model.paused.add(queue);
    else model.paused.delete(queue);
  });
}

export function limit(maxRunning: number | null): Step {
  return step(`at most ${maxRunning} of narrow run`, async ({ store, model }) => {
    await changeQueue(store, "narrow", { maxRunning });
    if (maxRunning === null) model.limits.delete("narrow");
    else model.limits.set("narrow", maxRunning);
  });
}

export function keep([queue, history]: [string, HistoryRule]): Step {
  return step(`of ${queue} ${history} are kept`, async ({ store, model }) => {
    await changeQueue(store, queue, { history });
    if (history === "all") model.forgetful.delete(queue);
    else model.forgetful.add(queue);
  });
}
