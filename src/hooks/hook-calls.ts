/**
 * Calls hooks in the thread that they have to themselves: those of one task one after the other, none for longer than
 * it may, and none's error further than here. What blocks the thread itself is `hook-runner.ts`'s to notice.
 */
import type { Moment } from "../task/life.ts";
import { stackOf } from "../task/thrown.ts";
import type { HookFault } from "./hook-messages.ts";
import type { Hooks } from "./load-hooks.ts";

export interface HookCallsOptions {
  hooks: Hooks;
  limitMs: number;
  onFault: (fault: HookFault) => void;
  /** Once a moment, after its call has ended or was given up. */
  onDone: () => void;
}

/** @returns what takes the moments, in their order. */
export function createHookCalls({ hooks, limitMs, onFault, onDone }: HookCallsOptions): (m: Moment) => void {
  /** By task: what its next moment waits for. */
  const last = new Map<number, Promise<void>>();

  async function tell(moment: Moment): Promise<void> {
    for (const hook of hooks[moment.kind] ?? [])
      try {
        await withinLimit(
          Promise.try(() => hook(moment)),
          limitMs,
        );
      } catch (error) {
        const message = stackOf(error);
        onFault({ message, moment: { kind: moment.kind, taskId: moment.task.id } });
      }
    onDone();
  }

  return (moment) => {
    const { id } = moment.task;
    const telling = (last.get(id) ?? Promise.resolve()).then(() => tell(moment));
    last.set(id, telling);
    telling.then(() => {
      if (last.get(id) === telling) last.delete(id);
    });
  };
}

async function withinLimit(called: Promise<unknown>, limitMs: number): Promise<void> {
  const { promise: timeUp, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(`did not end within ${limitMs} ms; it is left to itself`), limitMs);
  try {
    await Promise.race([called, timeUp]);
  } finally {
    clearTimeout(timer);
  }
}
