/** What commands print on stdout: tables for people, one JSON document for programs. Logs go to stderr. */
import { stdout } from "../../log/sync-stream.ts";

export function printLine(text: string): void {
  stdout.write(`${text}\n`);
}

/** As it is, line breaks and all. */
export function printText(text: string): void {
  stdout.write(text);
}

export function printJson(value: unknown): void {
  printLine(JSON.stringify(value, null, 2));
}

export type Row = Record<string, string | number | null>;

export function printTable(rows: Row[]): void {
  if (rows.length > 0) printLine(formatTable(rows));
}

/** Columns as wide as their widest cell; the heads are the first row's keys. Empty without a row. */
export function formatTable(rows: Row[]): string {
  const [first] = rows;
  if (first === undefined) return "";
  const heads = Object.keys(first);
  const lines = [
    heads.map((head) => head.toUpperCase()),
    ...rows.map((row) => heads.map((head) => String(row[head] ?? "-"))),
  ];
  const widths = heads.map((_, column) =>
    Math.max(...lines.map((line) => Bun.stringWidth(line[column] ?? ""))),
  );
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - Bun.stringWidth(cell)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

export type Field = [name: string, value: string | number | null];

/** One a line, names and values in two columns; those without a value are left out. */
export function printFields(fields: Field[]): void {
  const width = Math.max(...fields.map(([name]) => name.length));
  for (const [name, value] of fields)
    if (value !== null)
      printLine(`${name.padEnd(width)}  ${String(value).replaceAll("\n", `\n${" ".repeat(width + 2)}`)}`);
}

/** `2026-11-24 17:39:07`, local time: what an operator compares with the wall clock. */
export function formatInstant(at: Date | null): string {
  if (at === null) return "-";
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19).replace("T", " ");
}

/** The first line, cut: for a table's cell. */
export function shorten(text: string, width = 60): string {
  const [line = ""] = text.split("\n", 1);
  return Bun.stringWidth(line) > width ? `${line.slice(0, width - 1)}…` : line;
}
