/** Files of variables, as systemd's EnvironmentFile= reads them; random ones are compared with it in scripts/service. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnvFile, readEnvFile } from "../../src/config/env-file.ts";

test.each([
  ["A=1", "1"],
  [" A = x y \t", "x y"],
  ["A=", ""],
  ["# A=2\n; A=3\n\nA=1\r\n", "1"],
  ["\uFEFFA=1", "1"],
  [`A="x  y" 'z'`, "x  yz"],
  [`A=it's "so"`, `it's "so"`],
  [`A="a \\"b\\" \\$c \\n"`, `a "b" $c \\n`],
  ["A='$x \\n'", "$x \\n"],
  ["A=a\\ b\\\\ ", "a b\\"],
  ["A=a\\\nb", "ab"],
  ['A="a\nb"', "a\nb"],
  ["A=$HOME %h ã#;", "$HOME %h ã#;"],
  ["A=1\nA=2", "2"],
])("%j", (text, value) => {
  expect(parseEnvFile(text)).toEqual({ variables: { A: value }, faultyLine: undefined });
});

test("a line that is no assignment is told by its number, never by what stands in it", () => {
  const folder = mkdtempSync(join(tmpdir(), "fiscaut-tasks-env-"));
  const path = join(folder, "env");
  writeFileSync(path, "A=1\n\nexport SECRET\n");
  expect(() => readEnvFile(path)).toThrow(`${path}: line 3 is not VARIABLE=value`);
  expect(() => readEnvFile(join(folder, "none"))).toThrow("does not exist");
  rmSync(folder, { recursive: true });
});
