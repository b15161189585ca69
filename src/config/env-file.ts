/**
 * Reads a file of `VARIABLE=value` lines as systemd's `EnvironmentFile=` does, so that one file serves every service
 * manager. No variable is expanded.
 */
import { readFileSync } from "node:fs";
import { OperatorError } from "../task/errors.ts";
import { explainReadError } from "./faults.ts";

/** @throws OperatorError "config" when it can't be read, or a line is no assignment; never with a value in it. */
export function readEnvFile(path: string): Record<string, string> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new OperatorError("config", `the file of variables ${path} ${explainReadError(error)}`);
  }
  const { variables, faultyLine } = parseEnvFile(text);
  if (faultyLine !== undefined)
    throw new OperatorError("config", `${path}: line ${faultyLine} is not VARIABLE=value`, {
      hint: 'VARIABLE="a value with blanks"',
    });
  return variables;
}

/** @returns also the first line, from 1, that is neither assignment nor comment nor empty. */
export function parseEnvFile(text: string): {
  variables: Record<string, string>;
  faultyLine: number | undefined;
} {
  const variables: Record<string, string> = {};
  const source = text.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");
  let at = 0;
  let faultyLine: number | undefined;
  while (at < source.length) {
    const [blank = ""] = /^\s*/.exec(source.slice(at)) ?? [];
    at += blank.length;
    if (at >= source.length) break;
    const rest = source.slice(at);
    const name = /^([A-Za-z_]\w*)[ \t]*=[ \t]*/.exec(rest);
    if (name === null) {
      // A comment goes on where its line ends with a backslash.
      const [line = rest] = /^(?:\\\n|[^\n])*/.exec(rest) ?? [];
      if (!/^[#;]/.test(line)) faultyLine ??= source.slice(0, at).split("\n").length;
      at += line.length;
      continue;
    }
    const { value, length } = readValue(rest.slice(name[0].length));
    variables[name[1] ?? ""] = value;
    at += name[0].length + length;
  }
  return { variables, faultyLine };
}

/**
 * From behind the `=` to the end of the line: parts in quotes, blanks between them dropped, and then plain text, in which a
 * quote is a character as any.
 */
function readValue(rest: string): { value: string; length: number } {
  let value = "";
  let isPlain = false;
  /** How much of it must stay when blanks at its end are dropped. */
  let kept = 0;
  let at = 0;
  while (at < rest.length && rest[at] !== "\n") {
    const char = rest[at] ?? "";
    if (!isPlain && (char === "'" || char === '"')) {
      const end = closing(rest, at + 1, char);
      value += char === "'" ? rest.slice(at + 1, end) : unescapeQuoted(rest.slice(at + 1, end));
      kept = value.length;
      at = end + 1;
    } else if (char === "\\") {
      const next = rest[at + 1] ?? "";
      if (next !== "\n") value += next;
      isPlain = true;
      kept = value.length;
      at += 2;
    } else {
      const isBlank = /\s/.test(char);
      if (isPlain || !isBlank) value += char;
      if (!isBlank) {
        isPlain = true;
        kept = value.length;
      }
      at += 1;
    }
  }
  return { value: value.slice(0, kept), length: at };
}

function closing(text: string, from: number, quote: string): number {
  let at = from;
  while (at < text.length && text[at] !== quote) at += quote === '"' && text[at] === "\\" ? 2 : 1;
  return Math.min(at, text.length);
}

/** Only these four are escaped; before any other a backslash is itself. */
const unescapeQuoted = (text: string) =>
  text.replaceAll(/\\(\n|["\\`$])/g, (_, char) => (char === "\n" ? "" : char));
