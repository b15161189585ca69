/** Words on a Windows command line. That cmd passes them on is tested under Wine, in scripts/windows/. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { batchLine, commandLine, quoteWord, splitCommandLine } from "../../../src/service/windows/words.ts";

test("backslashes are doubled before a quote alone", () => {
  expect(quoteWord("C:\\plain")).toBe("C:\\plain");
  expect(quoteWord("C:\\a b")).toBe('"C:\\a b"');
  expect(quoteWord("C:\\a b\\")).toBe('"C:\\a b\\\\"');
  expect(quoteWord('say "\\"')).toBe('"say \\"\\\\\\""');
  expect(quoteWord("")).toBe('""');
});

test("any words come back from a command line as they were", () => {
  const word = fc.string({ unit: fc.constantFrom("a", " ", '"', "\\", "%", "é", "\t", "^") });
  fc.assert(
    fc.property(fc.array(word), (words) => {
      expect(splitCommandLine(commandLine(words))).toEqual(words);
    }),
  );
});

test("in a .cmd file cmd sees no quotes, no variables and no commands in a word", () => {
  expect(batchLine(["C:\\100% a\\nssm.exe", "set", 'a "b" & 50%PATH%'])).toBe(
    '"C:\\100%% a\\nssm.exe" set ^"a \\^"b\\^" ^& 50%%PATH%%^"',
  );
});
