/**
 * The handlers that a worker has, from its configuration. The worker and the thread that runs them make the same set:
 * the one to know names and payloads, the other to run.
 */
import type { Config } from "../config/settings.ts";
import { createFiscautClient } from "../fiscaut/client.ts";
import { builtInHandlers } from "../handlers/built-in.ts";
import { HandlerRegistry } from "../handlers/handler.ts";
import { parseSource } from "../sources/parse-source.ts";
import type { Store } from "../store/connection.ts";
import { enqueueBatch } from "../store/enqueue.ts";

export type HandlerConfig = Pick<Config, "fiscautApiUrl" | "fiscautApiKey" | "fiscautTimeoutMs">;

/** No more than the thread needs: the whole holds other secrets. */
export function handlerConfigOf({ fiscautApiUrl, fiscautApiKey, fiscautTimeoutMs }: Config): HandlerConfig {
  return { fiscautApiUrl, fiscautApiKey, fiscautTimeoutMs };
}

export function createHandlers(store: Store, config: HandlerConfig): HandlerRegistry {
  const { fiscautApiUrl: baseUrl, fiscautApiKey: apiKey, fiscautTimeoutMs: timeoutMs } = config;
  const client =
    baseUrl === undefined || apiKey === undefined
      ? undefined
      : createFiscautClient({ baseUrl, apiKey, timeoutMs });
  return new HandlerRegistry(
    builtInHandlers({
      client,
      parseSource,
      enqueueBatch: (batch, tasks) => enqueueBatch(store, batch, tasks),
    }),
  );
}
