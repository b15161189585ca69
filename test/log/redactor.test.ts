import { expect, test } from "bun:test";
import { createRedactor } from "../../src/log/redactor.ts";

test.each([
  ["postgres://u:p@ss@db:5432/x refused", "postgres://u:***@db:5432/x refused"],
  ['url="https://user:canary@host/path"', 'url="https://user:***@host/path"'],
  ["GET https://host:8080/path?x=a@b", "GET https://host:8080/path?x=a@b"],
  ["https://h/?page=2&api_key=canary&x=1", "https://h/?page=2&api_key=***&x=1"],
  ["odbc:DSN=Dominio;UID=reader;PWD={ca;nary};x=1", "odbc:DSN=Dominio;UID=reader;PWD=***;x=1"],
  ["host=db password=canary dbname=x", "host=db password=*** dbname=x"],
  ["authorization: Bearer canary-canary", "authorization: Bearer ***"],
  ["the password is wrong", "the password is wrong"],
])("what looks like a secret is blanked out, and nothing else: %s", (text, clean) => {
  expect(createRedactor()(text)).toBe(clean);
});

test("a secret is blanked out in each form that it travels in", () => {
  const redact = createRedactor();
  redact.hide('ca"na/ry', "");
  expect(redact('ca"na/ry ca\\"na/ry ca%22na%2Fry')).toBe("*** *** ***");
});
