/**
 * The handlers that a worker has, built-in and own, made in the thread that runs them. How the operator's files become
 * handlers is `handlers/load-handlers.ts`.
 */
import type { Config } from "../../config/settings.ts";
import { createFiscautClient } from "../../fiscaut/client.ts";
import { builtInHandlers } from "../../handlers/built-in.ts";
import { type Handler, HandlerRegistry } from "../../handlers/handler.ts";
import type { Store } from "../../store/connection.ts";
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

/** @param own the operator's, none of which is named as a built-in one. */
export function createHandlers(
  store: Store,
  config: HandlerConfig,
  own: readonly Handler[] = [],
): HandlerRegistry {
  const { fiscautApiUrl: baseUrl, fiscautApiKey: apiKey, fiscautTimeoutMs: timeoutMs } = config;
  const client =
    baseUrl === undefined || apiKey === undefined
      ? undefined
      : createFiscautClient({ baseUrl, apiKey, timeoutMs });
  return new HandlerRegistry([
    ...builtInHandlers({
      sender: client,
      source: config.fiscautSource,
      odbcReader: odbcReaderCommand,
      store: bindSyncStore(store),
    }),
    ...own,
  ]);
}
