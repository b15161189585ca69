/** The handlers that a worker has, from its configuration. */
import type { Config } from "../config/settings.ts";
import { createFiscautClient } from "../fiscaut/client.ts";
import { builtInHandlers } from "../handlers/built-in.ts";
import { HandlerRegistry } from "../handlers/handler.ts";
import type { Logger } from "../log/logger.ts";
import { parseSource } from "../sources/parse-source.ts";
import type { Store } from "../store/connection.ts";
import { enqueueBatch } from "../store/enqueue.ts";

export function createHandlers(store: Store, config: Config, logger: Logger): HandlerRegistry {
  const { fiscautApiUrl: baseUrl, fiscautApiKey: apiKey, fiscautTimeoutMs: timeoutMs } = config;
  const client =
    baseUrl === undefined || apiKey === undefined
      ? undefined
      : createFiscautClient({ baseUrl, apiKey, timeoutMs });
  if (client === undefined)
    logger.warn(
      "FISCAUT_API_URL or FISCAUT_API_KEY is not set: fiscaut.sync-supplier tasks wait for a worker that has both",
    );
  return new HandlerRegistry(
    builtInHandlers({
      client,
      parseSource,
      enqueueBatch: (batch, tasks) => enqueueBatch(store, batch, tasks),
    }),
  );
}
