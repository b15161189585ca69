/**
 * The handlers that a worker has, built-in and own, made in the thread that runs them. How the operator's files become
 * handlers is `handlers/load-handlers.ts`.
 */
import type { Config } from "../../config/settings/settings.ts";
import { createFiscautClient, type FiscautClient } from "../../fiscaut/client.ts";
import { builtInHandlers } from "../../handlers/built-in.ts";
import { createApiGate } from "../../handlers/fiscaut/api-gate.ts";
import { type Handler, HandlerRegistry } from "../../handlers/handler.ts";
import type { Store } from "../../store/connection.ts";
import { holdQueue, type NewHold } from "../../store/queue-hold.ts";
import { fiscautQueue } from "../../task/sync/record.ts";
import { bindSyncStore } from "../sync-store.ts";
import { odbcReaderCommand } from "./odbc-reader.ts";

export type HandlerConfig = Pick<
  Config,
  "fiscautApiUrl" | "fiscautApiKey" | "fiscautTimeoutMs" | "fiscautSource"
>;

/** No more than the thread needs: the whole holds other secrets. */
export function handlerConfigOf(config: Config): HandlerConfig {
  const { fiscautApiUrl, fiscautApiKey, fiscautTimeoutMs, fiscautSource } = config;
  return { fiscautApiUrl, fiscautApiKey, fiscautTimeoutMs, fiscautSource };
}

/** undefined: the API's URL or its key is not set. */
export function fiscautClientOf(config: HandlerConfig): FiscautClient | undefined {
  const { fiscautApiUrl: baseUrl, fiscautApiKey: apiKey, fiscautTimeoutMs: timeoutMs } = config;
  if (baseUrl === undefined || apiKey === undefined) return undefined;
  return createFiscautClient({ baseUrl, apiKey, timeoutMs });
}

/** @param own the operator's, none of which is named as a built-in one. */
export function createHandlers(
  store: Store,
  config: HandlerConfig,
  own: readonly Handler[] = [],
): HandlerRegistry {
  const client = fiscautClientOf(config);
  const hold = (hold: NewHold) => holdQueue(store, fiscautQueue, hold);
  return new HandlerRegistry([
    ...builtInHandlers({
      sender: client && createApiGate({ client, hold }),
      source: config.fiscautSource,
      odbcReader: odbcReaderCommand,
      store: bindSyncStore(store),
    }),
    ...own,
  ]);
}
