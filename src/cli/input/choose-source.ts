/** Which source a command reads: the one of `--source`, else the configured one. Reading it is left to `sources/`. */
import type { ArgsDef } from "citty";
import { holdsPassword, parseSource } from "../../sources/parse-source.ts";
import type { Source } from "../../sources/source.ts";
import { OperatorError } from "../../task/errors.ts";
import type { Prepared } from "../prepare.ts";
import { odbcReaderCommand } from "../worker/odbc-reader.ts";

export const sourceFlag = {
  source: {
    type: "string",
    description:
      "Where accounting records are read from, instead of FISCAUT_SOURCE: csv:DIR, postgres://..., odbc:DSN=...",
    valueHint: "csv:DIR",
  },
} as const satisfies ArgsDef;

/** @throws OperatorError of kind usage where there is none, or one of no kind that can be read. */
export function chooseSource(
  flag: string | undefined,
  { config, logger }: Pick<Prepared, "config" | "logger">,
): Source {
  if (flag === undefined && config.fiscautSource === undefined)
    throw new OperatorError("usage", "there is no source to read from", {
      hint: "--source csv:DIR, or set FISCAUT_SOURCE",
    });
  if (flag !== undefined && holdsPassword(flag))
    logger.warn(
      "--source holds a password, and process lists show it: set FISCAUT_SOURCE or FISCAUT_SOURCE_FILE instead",
    );
  return parseSource(flag ?? config.fiscautSource ?? "", { command: odbcReaderCommand });
}

/** Exit codes 69 and 78 are for the tasks' database and the configuration: what is wrong with the source is a plain failure. */
export function throwSourceFault(error: unknown): never {
  if (!(error instanceof OperatorError)) throw error;
  const { message, hint, kind } = error;
  if (kind !== "unavailable" && kind !== "config") throw error;
  throw new OperatorError("failed", message, { ...(hint === undefined ? {} : { hint }), cause: error });
}
