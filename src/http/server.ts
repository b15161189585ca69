/**
 * Listens, and says in words why it can't. What is answered is the app's affair.
 */
import type { Hono } from "hono";
import { OperatorError } from "../task/errors.ts";
import { codeOf } from "../task/thrown.ts";
import { maxBatchBytes } from "./batches/batch-body.ts";
import { unexpected } from "./problem.ts";

export interface HttpServer {
  /** To open on this machine, without a slash at the end. */
  readonly url: string;
  /** The one taken, where any free one was asked for. */
  readonly port: number;
  /** Takes no more connections, lets answers under way end within five seconds, then closes. May be called again. */
  stop(): Promise<void>;
}

/** In seconds, as Bun counts: above the app's own limit of an answer, so that the app's words come first. */
const idleTimeoutSeconds = 30;
const stopLimitMs = 5_000;
const stopPollMs = 10;

/**
 * Serves `app` on `host` and `port` (0: any free one).
 * @throws OperatorError "failed" when the port is taken or not permitted, "config" when the host is not ours.
 */
export function serveHttp({ app, host, port }: { app: Hono; host: string; port: number }): HttpServer {
  const server = listen(app, host, port);
  let stopped: Promise<void> | undefined;
  return {
    url: `http://${urlHost(host)}:${server.port}`,
    port: server.port ?? port,
    stop() {
      stopped ??= stop(server);
      return stopped;
    },
  };
}

function listen(app: Hono, host: string, port: number) {
  try {
    return Bun.serve({
      hostname: host,
      port,
      fetch: (request) => app.fetch(request),
      idleTimeout: idleTimeoutSeconds,
      // Bun's own refusal of a large body says nothing, so the app's comes first. Bun keeps no unread body in memory.
      maxRequestBodySize: 2 * maxBatchBytes,
      error: () => unexpected.toResponse(),
    });
  } catch (fault) {
    throw explainListenFault(fault, host, port);
  }
}

async function stop(server: Bun.Server<undefined>): Promise<void> {
  // The promise of this would also wait for bodies that were answered before they had come, so the count is asked.
  void server.stop();
  const startedMs = performance.now();
  while (server.pendingRequests > 0 && performance.now() - startedMs < stopLimitMs)
    await Bun.sleep(stopPollMs);
  // Idle connections that clients keep for later, and answers that took too long.
  await server.stop(true);
}

/** A server on every address is reached at the loopback one. */
export function urlHost(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}

/** Turns the system's refusal to listen into the operator's words, or hands it back as it is. */
export function explainListenFault(fault: unknown, host: string, port: number): unknown {
  const code = codeOf(fault);
  switch (code) {
    case "EADDRINUSE":
      return new OperatorError("failed", `port ${port} on ${host} is taken by another program`, {
        hint: "--port 0 for any free one, or stop what listens there",
        cause: fault,
      });
    case "EACCES":
    case "EPERM":
      return new OperatorError("failed", `this user may not listen on port ${port} of ${host}`, {
        hint: "--port 8430 or another above 1023",
        cause: fault,
      });
    case "EADDRNOTAVAIL":
      return new OperatorError("config", `${host} is not an address of this machine`, {
        hint: "--host 127.0.0.1, or --host 0.0.0.0 with a token for all addresses",
        cause: fault,
      });
    default:
      return fault;
  }
}
