/** Values as a unit file holds them, after systemd.syntax(7) and systemd.service(5): quotes, `%` specifiers, `$` variables. */

/** A value that is taken as it stands to the end of its line, such as a path of `WorkingDirectory=`. */
export const literal = (text: string) => text.replaceAll("%", "%%");

/** One word of a list of words. */
export const word = (text: string) => `"${literal(text).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;

/** A word of a command line, plain where nothing in it means anything. */
export const commandWord = (text: string) =>
  /^[\w@+=:,./-]+$/.test(text) ? text : word(text.replaceAll("$", "$$$$"));
