/** Turns the text of `--source` into a source. Knows the kinds by name; reading is left to each kind's file. */
import { OperatorError } from "../task/errors.ts";
import { openCsvSource } from "./csv.ts";
import { type OdbcOptions, openOdbcSource } from "./odbc/odbc.ts";
import { openPostgresSource } from "./postgres.ts";
import type { Source } from "./source.ts";

/**
 * Takes `csv:DIR`, a relative DIR counting from the folder the process runs in, `postgres://...`, and `odbc:` with
 * a connection string. Nothing is read and nothing connected to yet.
 * @param odbc how `odbc:` is read; without it the kind is unknown.
 * @throws OperatorError of kind usage for any other text.
 */
export function parseSource(text: string, odbc?: OdbcOptions): Source {
  const source = text.trim();
  const [, kind, place] = /^([a-z]+):(.+)$/s.exec(source) ?? [];
  if (kind === "csv" && place !== undefined) return openCsvSource(place);
  if (kind === "odbc" && place !== undefined && odbc !== undefined) return openOdbcSource(place, odbc);
  if (kind === "postgres" || kind === "postgresql") return openPostgresSource(source);
  // The text isn't repeated: it may be a connection string that holds a password.
  throw new OperatorError("usage", "the source is not of a kind that can be read", {
    hint: "csv:DIR, where DIR holds geempre.csv and the other tables, postgres://USER@HOST/DATABASE, or odbc:DSN=NAME;UID=USER",
  });
}

/**
 * Whether the text of a source gives a password away: then it belongs neither into a payload, which is stored and
 * shown, nor among a command's words, which process lists show. Errs on the side of "yes" for text that is no proper
 * source.
 */
export function holdsPassword(text: string): boolean {
  const url = URL.parse(text.trim());
  return (
    (url !== null && url.password !== "") ||
    /^\s*[a-z]+:\/\/[^/]*:[^/]*@/.test(text) ||
    /(?:^|[:;?&])\s*(?:pwd|password|passwd)\s*=/i.test(text)
  );
}
