import { expect, test } from "bun:test";
import { redactUrl } from "../../src/config/redact-url.ts";

test.each([
  ["postgres://app:hunter22@db:5432/tasks", "postgres://app:***@db:5432/tasks"],
  ["postgres://app:hunt%40er22@db/tasks", "postgres://app:***@db/tasks"],
  ["postgres://app:hunt@hunter22@db/tasks", "postgres://app:***@db/tasks"],
  ["postgres://app:hunt#hunter22@db/tasks", "postgres://app:***@db/tasks"],
  ["postgres://app:hunt/hunter22@db/tasks", "postgres://app:***@db/tasks"],
  [
    "postgres:///tasks?host=/run/pg&password=hunter22&user=a",
    "postgres:///tasks?host=/run/pg&password=***&user=a",
  ],
  ["https://h/x?a=1&API_KEY=hunter22", "https://h/x?a=1&API_KEY=***"],
  ["app:hunter22@db/tasks", "app:***@db/tasks"],
  ["postgres:app:hunter22@db/tasks", "postgres:***@db/tasks"],
])("%s loses its password", (url, expected) => {
  expect(redactUrl(url)).toBe(expected);
  expect(redactUrl(url)).not.toContain("hunter22");
});

test.each(["postgres://app@db/tasks", "https://h:8443/api/v1", "http://h", "C:\\folder", "abc", "", "8430"])(
  "%p comes back as it is",
  (text) => {
    expect(redactUrl(text)).toBe(text);
  },
);
