/**
 * What a person is told of a CSV file that can't be read: the file, the line, what is wrong with it.
 * Deciding that something is wrong is left to `csv-rows.ts` and csv-parse.
 */
import { basename } from "node:path";
import type { CsvError } from "csv-parse";
import { OperatorError } from "../task/errors.ts";
import { codeOf, messageOf } from "../task/thrown.ts";

/** A row that can't be trusted; `firstLine` and `lastLine` count from 1 with the header. */
export function badRow(path: string, firstLine: number, lastLine: number, fault: string): OperatorError {
  const where = firstLine < lastLine ? `lines ${firstLine} to ${lastLine}` : `line ${lastLine}`;
  return new OperatorError("failed", `${path} ${where}: ${fault}`, {
    hint: "correct it, or export the table again with its texts in quotes",
  });
}

/** csv-parse's error in the operator's words. */
export function describeCsvError(error: CsvError): string {
  switch (error.code) {
    case "CSV_RECORD_INCONSISTENT_FIELDS_LENGTH": {
      const { record } = error;
      const found = Array.isArray(record) ? record.length : "another number of";
      return `${found} values, not as many as the header has columns`;
    }
    case "CSV_QUOTE_NOT_CLOSED":
      return 'a quote (") that is not closed';
    case "CSV_MAX_RECORD_SIZE":
      return 'a row that does not end: a quote (") may not be closed';
    default:
      return 'a quote (") out of place: a value that holds one must be in quotes, and the quote doubled';
  }
}

/** Any error of reading `path`, file system errors included, as an OperatorError. */
export function explainCsvFault(error: unknown, path: string): OperatorError {
  if (error instanceof OperatorError) return error;
  const code = codeOf(error);
  if (code === "ENOENT" || code === "ENOTDIR") {
    return new OperatorError("failed", `${path} does not exist`, {
      hint: `export that table of Domínio, or name the folder that holds ${basename(path)}: --source csv:DIR`,
      cause: error,
    });
  }
  if (code === "EACCES" || code === "EPERM") {
    return new OperatorError("failed", `${path} may not be read by this user`, {
      hint: "give the user that runs fiscaut-tasks read access to it",
      cause: error,
    });
  }
  const reason = messageOf(error);
  return new OperatorError("failed", `${path} could not be read: ${reason}`, { cause: error });
}
