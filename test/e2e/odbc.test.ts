/** ODBC from the command line as far as it goes without a driver; with drivers it is `scripts/odbc/`'s affair. */
import { expect, test } from "bun:test";
import { execute } from "./executable.ts";

test("a source that can't be opened is an error in words, and its password is in none of them", async () => {
  const words = ["source", "test", "--source", "odbc:DSN=of-the-test;UID=leitor;PWD=hunter22"];
  const { exitCode, stdout, stderr } = await execute(words);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/^error: ODBC: /m);
  expect(stderr).toMatch(/^Try: /m);
  expect(stdout + stderr).not.toContain("hunter22");
});

test("the process that reads is for other commands alone", async () => {
  const { exitCode, stderr } = await execute(["odbc-reader"]);
  expect(exitCode).toBe(2);
  expect(stderr).toBe(
    "error: odbc-reader is for other commands alone\nTry: fiscaut-tasks sync suppliers --source odbc:DSN=...\n",
  );
});
