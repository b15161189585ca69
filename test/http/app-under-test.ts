/** The app as the HTTP tests build it: over a given store, beside a worker that is well unless a test says else. */
import { z } from "zod";
import { defineHandler, HandlerRegistry } from "../../src/handlers/handler.ts";
import { type AppOptions, createApp } from "../../src/http/app.ts";
import type { WorkerReport } from "../../src/http/health/worker-report.ts";
import { LevelSwitch } from "../../src/log/level-switch.ts";
import { openStore, type Store } from "../../src/store/connection.ts";
import { keepForever } from "../keep-forever.ts";

export const wellWorker: WorkerReport = {
  workerId: 7,
  running: 1,
  slots: 4,
  lastClaimAt: new Date("2026-03-01T12:00:00Z"),
  handlersDeafMs: 0,
  stopping: false,
};

export function buildApp(store: Store, options: Partial<AppOptions> = {}) {
  return createApp({
    store,
    checkPayloads: new HandlerRegistry([
      defineHandler({ name: "greet", payload: z.object({ who: z.string() }), run: async () => null }),
    ]).checkPayloads,
    priorityOrder: "higher",
    status: () => wellWorker,
    loopbackOnly: true,
    retention: keepForever,
    version: "1.2.3",
    startedAt: new Date(),
    logLevel: new LevelSwitch({ level: "info" }),
    onFault: (error) => {
      throw error;
    },
    ...options,
  });
}

/** A store whose database nobody serves: the first query of each connection is refused at once. */
export function openUnreachableStore(): Store {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  const store = openStore({
    url: `postgres://u:secret@127.0.0.1:${port}/d`,
    applicationName: "test",
    maxConnections: 2,
  });
  // Not in good order, which waits for queries that will connect again later.
  return { ...store, close: () => store.sql.end({ timeout: 0 }) };
}

export function postJson(body: unknown, headers: Record<string, string> = {}): RequestInit {
  return {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  };
}
