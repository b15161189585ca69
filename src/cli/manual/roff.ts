/** Text as man macros. What the manual says is `manual.ts`. */

/** In running text: no line is taken for a request, and a backslash stays one. */
export const escapeRoff = (text: string) =>
  text
    .replaceAll("\\", "\\e")
    .replaceAll(/^([.'])/gm, "\\&$1")
    .replaceAll("-", "\\-")
    .replaceAll("~", "\\(ti")
    .replaceAll("^", "\\(ha");

/** As the argument of a request. */
const argument = (text: string) => `"${escapeRoff(text).replaceAll('"', "\\(dq")}"`;

export const section = (title: string) => `.SH ${argument(title)}`;
export const subsection = (title: string) => `.SS ${argument(title)}`;

/** Typed as it stands. */
export const bold = (text: string) => `\\fB${escapeRoff(text)}\\fP`;

/** To be replaced by what it names. */
export const italic = (text: string) => `\\fI${escapeRoff(text)}\\fP`;

/** A term that is roff already, and what is said of it. */
export const entry = (term: string, text: string) => [".TP", term, running(text)].join("\n");

export const examples = (lines: readonly string[]) =>
  [".PP", ".nf", ".RS 4", ...lines.map(escapeRoff), ".RE", ".fi"].join("\n");

/** A sentence a line, and none longer than roff's readers like. */
export const running = (text: string) =>
  escapeRoff(
    text
      .replaceAll(/([.!?]) (?=[A-Z])/g, "$1\n")
      .split("\n")
      .map((line) => line.replaceAll(/(.{50,70}?) /g, "$1\n"))
      .join("\n"),
  );
