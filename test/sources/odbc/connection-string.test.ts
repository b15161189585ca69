/** Secrets of connection strings never leave them, however they are written. */
import { expect, test } from "bun:test";
import { hideSecrets, redactConnectionString } from "../../../src/sources/odbc/connection-string.ts";

test.each([
  ["DSN=Dominio;UID=leitor;PWD=geheim", "DSN=Dominio;UID=leitor;PWD=***"],
  ["DSN=Dominio;pwd = geheim ;UID=leitor;", "DSN=Dominio;pwd =***;UID=leitor;"],
  ["PWD={a;b=c}}d};UID=leitor", "PWD=***;UID=leitor"],
  ["PWD={never closed;UID=leitor", "PWD=***"],
  ["DRIVER={SQL Anywhere 17};Password=geheim;DBKEY=k", "DRIVER={SQL Anywhere 17};Password=***;DBKEY=***"],
  ["DSN=Dominio;UID=leitor;PWD=", "DSN=Dominio;UID=leitor;PWD="],
  ["a text of no keys", "a text of no keys"],
])("%s is shown as %s", (text, shown) => {
  expect(redactConnectionString(text)).toBe(shown);
});

test("a driver that repeats what it was given repeats no secret", () => {
  const hide = hideSecrets("DSN=Dominio;UID=leitor;PWD={ge;heim}}};ENP=9f8e7d");
  expect(hide("log-in of leitor with ge;heim} and 9f8e7d")).toBe("log-in of leitor with *** and ***");
  expect(hide("tried PWD={ge;heim}}};UID=leitor")).not.toContain("heim");
  expect(hideSecrets("PWD=x")("max was refused with PWD=x;")).toBe("max was refused with PWD=***;");
  expect(hide("the DSN holds UID=leitor;PWD=from-odbc-ini;")).toBe("the DSN holds UID=leitor;PWD=***;");
});
