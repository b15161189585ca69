/**
 * Reading over ODBC on Windows, up to its driver manager: the process that reads loads `odbc32.dll` and asks it. Wine
 * has no driver, and its manager gives no reasons, so the records and the words are `scripts/odbc/`'s affair.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { WorkerBed } from "./worker-bed.ts";

let bed: WorkerBed;
beforeAll(async () => {
  bed = await WorkerBed.open();
});
afterAll(async () => {
  await bed?.[Symbol.asyncDispose]();
});

test("odbc32.dll is loaded, and a DSN that nobody made is an error in words", async () => {
  const command = await bed.run(["source", "test", "--source", "odbc:DSN=Dominio;UID=leitor"]);
  expect(await command.exited).toBe(1);
  expect(command.errors).toMatch(
    /^error: ODBC: (the connection was not made|no data source and no driver of that name)/,
  );
});
