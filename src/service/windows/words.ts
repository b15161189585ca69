/** Words on Windows' one command line: as programs take them apart again, and as cmd passes them on unchanged. Pure. */
import { OperatorError } from "../../task/errors.ts";

/** The first word of the service's command line; its name and the words of `run` follow. */
export const windowsServiceWord = "windows-service";

/** After the rules of CommandLineToArgvW: backslashes mean something before a quote alone. */
export function quoteWord(word: string): string {
  if (word !== "" && !/[\s"]/.test(word)) return word;
  return `"${word.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/\\+$/, "$&$&")}"`;
}

export const commandLine = (words: readonly string[]) => words.map(quoteWord).join(" ");

/** What `commandLine` put together, or any program's command line, as that program takes it apart. */
export function splitCommandLine(line: string): string[] {
  const words: string[] = [];
  for (const [match] of line.matchAll(/(?:"(?:\\.|[^"\\])*(?:"|$)|[^\s"])+/g))
    words.push(
      match.replaceAll(/(\\*)("?)/g, (_, slashes: string, quote: string) => {
        if (quote === "") return slashes;
        return "\\".repeat(slashes.length >> 1) + (slashes.length % 2 === 1 ? '"' : "");
      }),
    );
  return words;
}

/**
 * A command as a line of a .cmd file. Every quote has a caret, so that cmd itself never is within quotes: there it would
 * take a program's `\"` for their end. Only the program's own path has plain ones, since cmd looks for its end.
 */
export const batchLine = ([program = "", ...words]: readonly string[]) =>
  [`"${program.replaceAll("%", "%%")}"`, ...words.map((word) => escapeForBatch(quoteWord(word)))].join(" ");

const escapeForBatch = (text: string) => text.replaceAll(/[()^"<>&|]/g, "^$&").replaceAll("%", "%%");

/** @throws OperatorError "usage" for a `%NAME%` where whoever keeps `text` expands variables and knows no way to write one that is to stay. */
export function rejectVariables(whose: string, text: string): void {
  const variable = /%[^%\s"]+%/.exec(text)?.[0];
  if (variable === undefined) return;
  throw new OperatorError("usage", `${whose} would replace ${variable}, and can't be told not to`, {
    hint: "put that setting into the configuration file or a file of variables (--env-file)",
  });
}
