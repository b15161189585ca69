/**
 * How a CSV file is written: its encoding and its delimiter, found from the file itself.
 * Reading rows by them is left to `csv-rows.ts`.
 */
import { createReadStream } from "node:fs";

export interface CsvFormat {
  encoding: "utf-8" | "utf-16le" | "windows-1252";
  delimiter: "," | ";";
}

/**
 * UTF-8 when the whole file is valid UTF-8, UTF-16 when it says so with a byte-order mark (Excel's "Unicode text"),
 * else Windows-1252, as old Domínio installations write. The whole file counts: the first accent may be in its last
 * row. The delimiter is the one of which the header has more.
 * Reads the file once, in bounded memory. File system errors are thrown as they come.
 */
export async function detectCsvFormat(path: string): Promise<CsvFormat> {
  const utf8 = new TextDecoder("utf-8", { fatal: true });
  let head: Buffer | undefined;
  let encoding: CsvFormat["encoding"] = "utf-8";
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    head ??= chunk;
    encoding =
      head[0] === 0xff && head[1] === 0xfe ? "utf-16le" : isValid(utf8, chunk) ? "utf-8" : "windows-1252";
    if (encoding !== "utf-8") break;
  }
  if (encoding === "utf-8" && !isValid(utf8)) encoding = "windows-1252"; // it ends in the middle of a character
  return { encoding, delimiter: detectDelimiter(new TextDecoder(encoding).decode(head)) };
}

function isValid(utf8: TextDecoder, chunk?: Buffer): boolean {
  try {
    utf8.decode(chunk, { stream: chunk !== undefined });
    return true;
  } catch {
    return false;
  }
}

function detectDelimiter(head: string): CsvFormat["delimiter"] {
  const header = head.trimStart().split(/[\r\n]/, 1)[0] ?? "";
  return header.split(";").length > header.split(",").length ? ";" : ",";
}
