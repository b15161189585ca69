/** Takes a key out of texts that others have written, however they have escaped it. */

/** What may stand for a character of the key: itself, or itself as JSON, a URL or HTML escapes it. */
function waysToWrite(character: string): string {
  const hex = character.charCodeAt(0).toString(16);
  const anyCase = hex.replaceAll(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
  const names: Record<string, string> = { "&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos" };
  const name = names[character];
  const ways = [
    `\\\\?${RegExp.escape(character)}`,
    `\\\\u00${anyCase}`,
    `%${anyCase}`,
    `&#0*${character.charCodeAt(0)};`,
    `&#[xX]0*${anyCase};`,
    ...(name === undefined ? [] : [`&${name};`]),
  ];
  return `(?:${ways.join("|")})`;
}

/**
 * Gives a function that cuts a text to `maxLength` characters that Postgres can hold, with `[key]` in place of the key.
 * Cut after that, not before: half a key is still a secret.
 */
export function hideKey(key: string): (text: string, maxLength: number) => string {
  const written = new RegExp([...key].map(waysToWrite).join(""), "g");
  return (text, maxLength) =>
    text.replaceAll(written, "[key]").replaceAll("\0", "").slice(0, maxLength).toWellFormed();
}
