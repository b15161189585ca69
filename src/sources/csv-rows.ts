/**
 * The rows of one CSV file with a header, as trimmed values by column name, streamed.
 * Encoding and delimiter are found by `csv-format.ts`; what a column means is left to `csv.ts`.
 */
import { createReadStream } from "node:fs";
import { pipeline, Readable } from "node:stream";
import type { Info } from "csv-parse";
import { OperatorError } from "../task/errors.ts";
import { badRow, describeCsvError, explainCsvFault } from "./csv-faults.ts";
import { type CsvFormat, detectCsvFormat } from "./csv-format.ts";

/** `line` is the one that the row ends in, counted from 1 with the header. */
export interface CsvRow<Column extends string> {
  line: number;
  values: Record<Column, string>;
}

/** No row of these tables comes near; a quote that is never closed would else take the file into memory. */
const longestRowBytes = 65_536;

/**
 * Gives every row that has a value, in bounded memory; blank lines are passed over. Header names may differ in case,
 * be padded, and carry their table (`bethadba.effornece.codi_for`); columns that nobody asked for are ignored.
 *
 * No row is dropped or guessed: one with too few or too many values, a quote out of place, or a line break inside a
 * value asked for (nearly always a quote that lost its pair and swallowed the next rows) ends the reading.
 * @throws OperatorError naming the file, and the missing column or the bad row's line.
 */
export async function* readCsvRows<Column extends string>(
  path: string,
  columns: readonly Column[],
): AsyncGenerator<CsvRow<Column>> {
  try {
    let positions: [Column, number][] | undefined;
    let previousLine = 0;
    for await (const { record, line } of parseRecords(path, await detectCsvFormat(path))) {
      if (positions === undefined) {
        positions = findColumns(path, record, columns);
      } else {
        const pairs = positions.map(([column, at]) => [column, record[at]?.trim() ?? ""] as const);
        const [broken] = pairs.find(([, value]) => value.includes("\n")) ?? [];
        if (broken !== undefined) {
          const fault = `a line break inside ${broken}: a quote (") may not be closed`;
          throw badRow(path, previousLine + 1, line, fault);
        }
        yield { line, values: Object.fromEntries(pairs) as Record<Column, string> };
      }
      previousLine = line;
    }
    if (positions === undefined) findColumns(path, [], columns); // an empty file lacks them all
  } catch (error) {
    throw explainCsvFault(error, path);
  }
}

async function* parseRecords(
  path: string,
  format: CsvFormat,
): AsyncGenerator<{ record: string[]; line: number }> {
  // Where the parser has come to, ahead of what it has given: a fault discards the rows in between.
  let parsedLine = 0;
  // Imported by who reads a file alone: a worker's start need not wait for it.
  const { CsvError, parse } = await import("csv-parse");
  const parser = parse({
    delimiter: format.delimiter,
    record_delimiter: "\n",
    max_record_size: longestRowBytes,
    skip_empty_lines: true,
    skip_records_with_empty_values: true,
    trim: true,
    info: true,
    on_record: (row, { lines }) => {
      parsedLine = lines;
      return row;
    },
  });
  // `pipeline` closes the file when the caller leaves early; its errors come out of the parser's iteration.
  pipeline(Readable.from(readLines(path, format)), parser, () => {});
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: Info }>) {
      yield { record, line: info.lines };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw badRow(path, parsedLine + 1, parser.info.lines, describeCsvError(error));
  }
}

/** The file's text with "\n" for every kind of line end: files glued from two exports mix them. */
async function* readLines(path: string, { encoding }: CsvFormat): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  let held = "";
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    const text = held + decoder.decode(chunk, { stream: true });
    held = text.endsWith("\r") ? "\r" : ""; // its "\n" may open the next chunk
    yield text.slice(0, text.length - held.length).replace(/\r\n?/g, "\n");
  }
  yield (held + decoder.decode()).replace(/\r\n?/g, "\n");
}

function findColumns<Column extends string>(
  path: string,
  header: string[],
  columns: readonly Column[],
): [Column, number][] {
  const names = header.map((name) => name.trim().toLowerCase().split(".").at(-1) ?? "");
  return columns.map((column) => {
    const at = names.indexOf(column);
    if (at !== -1 && at === names.lastIndexOf(column)) return [column, at];
    const found = at === -1 ? `no column ${column}` : `more than one column ${column}`;
    throw new OperatorError("failed", `${path} has ${found}`, {
      hint: `a first line that names these columns once each: ${columns.join(", ")}`,
    });
  });
}
