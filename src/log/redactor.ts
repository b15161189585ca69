/** Blanks out secrets in text. Which texts are secret is `config/show.ts`'s affair. */

export type Redact = (text: string) => string;

/** Replaces each secret by `***`, a longer one before one that is part of it. */
export function createRedactor(secrets: readonly string[]): Redact {
  const longestFirst = secrets
    .filter((secret) => secret !== "")
    .sort((one, other) => other.length - one.length);
  return (text) => longestFirst.reduce((clean, secret) => clean.replaceAll(secret, "***"), text);
}
