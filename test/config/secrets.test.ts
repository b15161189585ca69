import { expect, test } from "bun:test";
import { secretsOf, showConfig } from "../../src/config/show.ts";
import { faultOf, load } from "./surroundings.ts";

test("a secret may stand in a file, whose last line break and byte order mark are not part of it", () => {
  const { config, origins } = load({
    env: {
      FISCAUT_API_KEY_FILE: "/run/key",
      FISCAUT_TASKS_HTTP_TOKEN_FILE: "token",
      DATABASE_URL_FILE: "/run/url",
    },
    files: {
      "/run/key": "abc\n",
      "/somewhere/token": "\uFEFF0123456789abcdef\r\n",
      "/run/url": "postgres://u:p@h/db",
    },
  });
  expect(config).toMatchObject({
    fiscautApiKey: "abc",
    httpToken: "0123456789abcdef",
    databaseUrl: "postgres://u:p@h/db",
  });
  expect(origins["fiscaut-api-key"]).toBe("environment FISCAUT_API_KEY_FILE");
});

test.each([
  ["", "FISCAUT_API_KEY_FILE: /run/key is empty"],
  ["\n", "FISCAUT_API_KEY_FILE: /run/key is empty"],
  ["hunter2 2\n", "FISCAUT_API_KEY_FILE: the value holds a blank, a line break or a letter outside ASCII"],
  [{ code: "ENOENT" }, "FISCAUT_API_KEY_FILE: /run/key does not exist"],
  [{ code: "EACCES" }, "FISCAUT_API_KEY_FILE: /run/key can't be read: permission denied"],
  [{ code: "EISDIR" }, "FISCAUT_API_KEY_FILE: /run/key is a folder, not a file"],
  [{ code: "EIO" }, "FISCAUT_API_KEY_FILE: /run/key can't be read (EIO)"],
])("a secret's file that holds %j is a fault", (file, message) => {
  const fault = faultOf({ env: { FISCAUT_API_KEY_FILE: "/run/key" }, files: { "/run/key": file } });
  expect(fault).toMatchObject({ kind: "config", message });
});

test("a secret given both ways is a fault, since one of them is a mistake", () => {
  const env = { FISCAUT_API_KEY: "hunter22", FISCAUT_API_KEY_FILE: "/run/key" };
  expect(faultOf({ env }).message).toBe("FISCAUT_API_KEY: FISCAUT_API_KEY_FILE is set too: set one of them");
});

test("what is no secret can't stand in a file of its own", () => {
  expect(load({ env: { FISCAUT_TASKS_PORT_FILE: "/run/port" } }).config.port).toBe(8430);
});

const userFile = "/home/ana/.config/fiscaut-tasks/fiscaut-tasks.toml";

test.each([
  { env: { DATABASE_URL: "mysql://u:hunter22@h/db" } },
  { env: { DATABASE_URL: "postgres://u:hunter22#@h/db" } },
  { env: { FISCAUT_SOURCE: "postgres://u:hunter22#@h/db" } },
  { env: { FISCAUT_SOURCE: "mysql://u:hunter22@h/db" } },
  { env: { FISCAUT_API_KEY: "hunter22 hunter22" } },
  { env: { FISCAUT_TASKS_HTTP_TOKEN: "hunter22" } },
  { env: { FISCAUT_API_URL: "https://u:hunter22@h/" } },
  { flags: { "fiscaut-api-url": "u:hunter22@h/" } },
  { env: { FISCAUT_TASKS_HOST: "https://u:hunter22@h/" } },
  { files: { [userFile]: "http-token = hunter22" } },
  { files: { [userFile]: 'http-token = "hunter22' } },
  { files: { [userFile]: 'http-token = "hunter22"' } },
  { files: { [userFile]: 'http-token = ["hunter22"]' } },
])("no fault gives a secret away: %j", (given) => {
  const { message, hint, cause } = faultOf(given);
  expect(`${message} ${hint} ${cause}`).not.toContain("hunter22");
});

const full = {
  env: { DATABASE_URL: "postgres://u:hunt%40er22@h/db?sslmode=require", FISCAUT_API_KEY: "hunter22" },
  flags: { lease: "90s", queue: ["mail", "sync"] },
};

test("settings are shown with their origin, secrets hidden, in JSON and for people", () => {
  const rows = Object.fromEntries(showConfig(load(full)).map((row) => [row.key, row]));
  expect(rows["database-url"]).toEqual({
    key: "database-url",
    value: "postgres://u:***@h/db?sslmode=require",
    text: "postgres://u:***@h/db?sslmode=require",
    origin: "environment DATABASE_URL",
  });
  expect(rows["fiscaut-api-key"]).toMatchObject({ value: "***", text: "***" });
  expect(rows["lease"]).toMatchObject({ value: "1m30s", text: "1m30s", origin: "flag --lease" });
  expect(rows["queue"]).toMatchObject({ value: ["mail", "sync"], text: "mail,sync" });
  expect(rows["port"]).toMatchObject({ value: 8430, text: "8430", origin: "default" });
  expect(rows["http-token"]).toMatchObject({ value: null, text: "(none)" });
  expect(JSON.stringify(rows)).not.toContain("er22");
});

test("what is unset tells what happens instead", () => {
  const rows = Object.fromEntries(showConfig(load()).map((row) => [row.key, row.text]));
  expect(rows).toMatchObject({
    "database-url": "(the embedded Postgres)",
    queue: "(all queues)",
    duration: "(no end)",
  });
});

test("the texts to keep out of the log are the secrets and their passwords, written and decoded", () => {
  expect(secretsOf(load(full).config)).toEqual([
    "postgres://u:hunt%40er22@h/db?sslmode=require",
    "hunter22",
    "hunt%40er22",
    "hunt@er22",
  ]);
  expect(secretsOf(load().config)).toEqual([]);
});

test("the password of an ODBC source is neither shown nor logged, in braces or without them", () => {
  const { config, ...rest } = load({ env: { FISCAUT_SOURCE: "odbc:DSN=Dominio;UID=u;PWD={hunter;22}" } });
  const shown = showConfig({ config, ...rest }).find(({ key }) => key === "fiscaut-source");
  expect(shown?.value).toBe("odbc:***");
  expect(secretsOf(config)).toEqual(expect.arrayContaining(["{hunter;22}", "hunter;22"]));
});

test("a source is shown without its password, which is kept out of the log; a folder is no secret", () => {
  const source = load({ env: { FISCAUT_SOURCE: "postgres://u:hunt%40er22@h/dominio" } });
  expect(showConfig(source).find(({ key }) => key === "fiscaut-source")).toMatchObject({
    value: "postgres://u:***@h/dominio",
    text: "postgres://u:***@h/dominio",
    origin: "environment FISCAUT_SOURCE",
  });
  expect(secretsOf(source.config)).toContain("hunt@er22");
  const folder = load({
    env: { FISCAUT_SOURCE_FILE: "/run/source" },
    files: { "/run/source": "csv:/data/a@b\n" },
  });
  expect(showConfig(folder).find(({ key }) => key === "fiscaut-source")?.value).toBe("csv:/data/a@b");
  expect(secretsOf(folder.config)).toEqual([]);
});

test("a password among the parameters of the URL is kept out too", () => {
  const { config } = load({ env: { DATABASE_URL: "postgres:///db?host=/run/pg&password=hunt%40er22" } });
  expect(secretsOf(config)).toContain("hunt@er22");
});

test("a token that looks like a URL is hidden like any other", () => {
  const rows = showConfig(load({ env: { FISCAUT_API_KEY: "key://hunter22" } }));
  expect(rows.find(({ key }) => key === "fiscaut-api-key")).toMatchObject({ value: "***", text: "***" });
});

test("a password too short to be one doesn't blank out the log", () => {
  const { config } = load({ env: { DATABASE_URL: "postgres://u:1%@h/db" } });
  expect(secretsOf(config)).toEqual(["postgres://u:1%@h/db"]);
});
