/** Values as a unit file holds them, after systemd.syntax(7) and systemd.service(5): quotes, `%` specifiers, `$` variables. */
import { OperatorError } from "../../task/errors.ts";

/**
 * A value that is taken as it stands to the end of its line, such as a path of `WorkingDirectory=`.
 * @throws OperatorError "usage" for one that no line can hold: blanks at its ends are cut off, a `\` joins the next one.
 */
export function literal(text: string): string {
  if (/^\s|[\s\\]$/.test(text))
    throw new OperatorError(
      "usage",
      `systemd can't be told "${text}": a blank or \\ stands at one of its ends`,
    );
  return percent(text);
}

/** A path that is taken for a pattern of paths. As `literal`. */
export const pattern = (path: string) => literal(path.replaceAll(/[*?[\\]/g, "\\$&"));

/**
 * The path of a credential.
 * @throws OperatorError "usage" for one that systemd (257) accepts and then splits when it starts the service.
 */
export function credentialPath(path: string): string {
  if (!/[\s"'\\]/.test(path)) return literal(path);
  throw new OperatorError(
    "usage",
    `systemd loads no credential from a path with a blank, a quote or \\: ${path}`,
    {
      hint: "move it to another folder",
    },
  );
}

/** A `%` begins a specifier. */
const percent = (text: string) => text.replaceAll("%", "%%");

/** One word of a list of words. */
export const word = (text: string) => `"${percent(text).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;

/**
 * The program of a command line.
 * @throws OperatorError "usage" for one that systemd refuses, however it is written.
 */
export function program(path: string): string {
  if (/["'\\]/.test(path))
    throw new OperatorError("usage", `systemd starts no program with a quote or \\ in its path: ${path}`, {
      hint: "move it to another folder",
    });
  return isPlain(path) ? path : word(path);
}

const isPlain = (text: string) => /^[\w@+=:,./-]+$/.test(text);

/** A further word of a command line, plain where nothing in it means anything. */
export const commandWord = (text: string) => (isPlain(text) ? text : word(text.replaceAll("$", "$$$$")));
