import { expect, test } from "bun:test";
import { startAttempt } from "../../../src/engine/handlers/attempt.ts";
import type { HandlerContext } from "../../../src/handlers/context.ts";
import { anyPayload } from "../../../src/handlers/payload.ts";
import type { ClaimedTask } from "../../../src/task/task.ts";

const task = { id: 1, name: "a", payload: null, timeoutMs: null } as ClaimedTask;
const reports = {} as Omit<HandlerContext, "task" | "signal">;
const graceMs = 20;

const start = (run: (context: HandlerContext) => unknown) =>
  startAttempt(
    task,
    { name: "a", payload: anyPayload, run: async (_, context) => await run(context) },
    reports,
    graceMs,
  );

test("a signal that a handler first asks for after the abort is aborted, and says why", async () => {
  const aborted = Promise.withResolvers<void>();
  const seen = Promise.withResolvers<AbortSignal>();
  const attempt = start(async (context) => {
    await aborted.promise;
    seen.resolve(context.signal);
  });
  attempt.abort("cancelled");
  aborted.resolve();
  const signal = await seen.promise;
  expect(signal.aborted).toBe(true);
  expect(signal.reason).toEqual(new Error("the task was cancelled"));
  expect(await attempt.outcome).toEqual({ outcome: { kind: "succeeded", result: null }, abandoned: false });
});

test("a handler's signal is one and the same, however often it asks", async () => {
  const attempt = start((context) => new Set([context.signal, context.signal, { ...context }.signal]).size);
  expect(await attempt.outcome).toMatchObject({ outcome: { kind: "succeeded", result: 1 } });
});

test("a handler that goes on after its abort is abandoned when the grace is over, and what it comes to later is not heard", async () => {
  const later = Promise.withResolvers<void>();
  const attempt = start(() => later.promise);
  attempt.abort("stopping");
  attempt.abort("cancelled");
  expect(await attempt.outcome).toEqual({ outcome: { kind: "given-back" }, abandoned: true });
  later.resolve();
  expect(await attempt.outcome).toMatchObject({ abandoned: true });
});
