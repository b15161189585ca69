/** Blanks out secrets in text: those that it was told, and what looks like one. Which texts are secret is `config/show.ts`'s affair. */

export type Redact = (text: string) => string;

export interface Redactor extends Redact {
  /** These too, from now on; an empty text is none. */
  hide(...secrets: readonly string[]): void;
}

/** Of no setting of ours: in payloads, in what handlers log, in errors of libraries. */
const shapes: readonly [RegExp, string][] = [
  // scheme://user:password@, where a password may hold an @ itself.
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s/:@"'<>]*):[^\s/"'<>?#]*@/gi, "$1:***@"],
  [/([?&][^\s=&#"']*(?:password|token|secret|api[-_]?key)[^\s=&#"']*=)[^\s&#"']+/gi, "$1***"],
  // Connection strings of ODBC and of libpq.
  [/\b((?:pwd|password)\s*=\s*)(?:\{(?:[^}]|\}\})*\}|[^\s;&"']+)/gi, "$1***"],
  [/\b(bearer\s+)[\w.~+/=-]{8,}/gi, "$1***"],
];

/** Replaces each secret by `***`, a longer one before one that is part of it. */
export function createRedactor(secrets: readonly string[] = []): Redactor {
  let longestFirst: string[] = [];
  const hide = (...more: readonly string[]) => {
    const forms = more.filter((secret) => secret !== "").flatMap(formsOf);
    longestFirst = [...new Set([...longestFirst, ...forms])].sort((one, other) => other.length - one.length);
  };
  hide(...secrets);
  const redact = (text: string) => {
    const clean = longestFirst.reduce((rest, secret) => rest.replaceAll(secret, "***"), text);
    return shapes.reduce((rest, [shape, blank]) => rest.replace(shape, blank), clean);
  };
  return Object.assign(redact, { hide });
}

/** As it is, within JSON, and within a URL. */
const formsOf = (secret: string) => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  encodeURIComponent(secret.toWellFormed()),
];
