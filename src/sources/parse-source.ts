/** Turns the text of `--source` into a source. Knows the kinds by name; reading is left to each kind's file. */
import { OperatorError } from "../task/errors.ts";
import { openCsvSource } from "./csv.ts";
import type { Source } from "./source.ts";

/**
 * Takes `csv:DIR`; a relative DIR counts from the folder the process runs in. Nothing is read yet.
 * @throws OperatorError of kind usage for any other text.
 */
export function parseSource(text: string): Source {
  const [, kind, place] = /^([a-z]+):(.+)$/s.exec(text.trim()) ?? [];
  if (kind === "csv" && place !== undefined) return openCsvSource(place);
  // The text isn't repeated: it may be a connection string that holds a password.
  throw new OperatorError("usage", "the source is not of a kind that can be read", {
    hint: "csv:DIR, where DIR holds geempre.csv and effornece.csv",
  });
}
