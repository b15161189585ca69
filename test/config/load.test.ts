import { describe, expect, test } from "bun:test";
import { settingKeys, settings } from "../../src/config/settings/settings.ts";
import { faultOf, load } from "./surroundings.ts";

const userFile = "/home/ana/.config/fiscaut-tasks/fiscaut-tasks.toml";
const withFile = (text: string) => ({ files: { [userFile]: text } });

test("with nothing given, every setting has its default", () => {
  const { config, origins, file } = load();
  expect(config).toEqual({
    databaseUrl: undefined,
    dataDir: "/home/ana/.local/share/fiscaut-tasks",
    queues: [],
    concurrency: 10,
    priorityOrder: "higher",
    pollIntervalMs: 5_000,
    leaseMs: 25_000,
    drainTimeoutMs: 30_000,
    durationMs: undefined,
    drain: false,
    retentionSucceededMs: 30 * 86_400_000,
    retentionFailedMs: 90 * 86_400_000,
    retentionCancelledMs: 30 * 86_400_000,
    host: "127.0.0.1",
    port: 8430,
    httpToken: undefined,
    handlers: undefined,
    hooks: undefined,
    logLevel: "info",
    logFormat: "auto",
    logFile: undefined,
    logMaxBytes: 20 * 1024 ** 2,
    logMaxAgeMs: 7 * 86_400_000,
    logKeep: 10,
    fiscautSource: undefined,
    fiscautApiUrl: undefined,
    fiscautApiKey: undefined,
    fiscautRate: { count: 1, periodMs: 1_000 },
    fiscautTimeoutMs: 30_000,
  });
  expect(Object.values(origins)).toEqual(settingKeys.map(() => "default"));
  expect(file).toBeUndefined();
});

test("the configuration can't be changed", () => {
  const { config, origins } = load({ env: { FISCAUT_TASKS_QUEUES: "a" } });
  expect([config, origins, config.queues].every(Object.isFrozen)).toBe(true);
});

describe("precedence", () => {
  const file = withFile('port = 3\nhost = "localhost"\nlease = "1m"\nconcurrency = 4');
  const env = { FISCAUT_TASKS_PORT: "2", FISCAUT_TASKS_HOST: "127.0.0.2" };

  test("is flag, environment, file, default; each setting tells where it is from", () => {
    const { config, origins, file: path } = load({ ...file, env, flags: { port: "1" } });
    expect(config).toMatchObject({
      port: 1,
      host: "127.0.0.2",
      leaseMs: 60_000,
      concurrency: 4,
      drain: false,
    });
    expect(origins).toMatchObject({
      port: "flag --port",
      host: "environment FISCAUT_TASKS_HOST",
      lease: `file ${userFile}:lease`,
      drain: "default",
    });
    expect(path).toBe(userFile);
  });

  test("lets a good value win over a bad one further down", () => {
    expect(load({ env: { FISCAUT_TASKS_PORT: "x" }, flags: { port: "1" } }).config.port).toBe(1);
  });

  test("takes an empty variable, an undefined flag and an empty list for not given", () => {
    const { origins } = load({
      env: { FISCAUT_TASKS_PORT: "", DATABASE_URL: "", DATABASE_URL_FILE: "", FISCAUT_TASKS_CONFIG: "" },
      flags: { port: undefined, queue: [] },
    });
    expect(new Set(Object.values(origins))).toEqual(new Set(["default"]));
  });

  test("takes drain = false from a flag over true from the environment", () => {
    expect(load({ env: { FISCAUT_TASKS_DRAIN: "yes" }, flags: { drain: false } }).config.drain).toBe(false);
  });
});

test("own handlers are looked for beside the configuration file, without one beside the executable", () => {
  const executableFolder = "/opt/fiscaut";
  expect(load({ executableFolder }).config.handlers).toBe("/opt/fiscaut/handlers");
  expect(load({ executableFolder, ...withFile("port = 3") }).config.handlers).toBe(
    "/home/ana/.config/fiscaut-tasks/handlers",
  );
  const windows = load({
    platform: "win32",
    files: { "D:\\tasks\\t.toml": "" },
    flags: { config: "D:\\tasks\\t.toml" },
  });
  expect(windows.config.handlers).toBe("D:\\tasks\\handlers");
});

test("every setting can be given in the environment and in the file, all but secrets by flag", () => {
  const texts: Record<keyof typeof settings, string> = {
    "database-url": "postgres://u:p@h/db",
    "data-dir": "/data",
    queue: "mail,sync",
    concurrency: "3",
    "priority-order": "nice",
    "poll-interval": "1s",
    lease: "30s",
    "drain-timeout": "0",
    duration: "1h",
    drain: "true",
    "retention-succeeded": "1d",
    "retention-failed": "forever",
    "retention-cancelled": "400d",
    host: "::1",
    port: "0",
    "http-token": "0123456789abcdef",
    handlers: "/etc/handlers",
    hooks: "/etc/hooks.ts",
    "log-level": "debug",
    "log-format": "json",
    "log-file": "/var/log/worker.log",
    "log-max-size": "512KB",
    "log-max-age": "forever",
    "log-keep": "3",
    "fiscaut-source": "postgres://u:p@h/dominio",
    "fiscaut-api-url": "https://api.example/v1/",
    "fiscaut-api-key": "k",
    "fiscaut-rate": "60/1m",
    "fiscaut-timeout": "15s",
  };
  const entries = settingKeys.map((key) => [key, texts[key]] as const);
  const byEnv = load({ env: Object.fromEntries(entries.map(([key, text]) => [settings[key].env, text])) });
  const byFile = load(withFile(entries.map(([key, text]) => `${key} = ${JSON.stringify(text)}`).join("\n")));
  const byFlag = load({ flags: texts });
  expect(byEnv.config).toEqual({
    databaseUrl: "postgres://u:p@h/db",
    dataDir: "/data",
    queues: ["mail", "sync"],
    concurrency: 3,
    priorityOrder: "nice",
    pollIntervalMs: 1_000,
    leaseMs: 30_000,
    drainTimeoutMs: 0,
    durationMs: 3_600_000,
    drain: true,
    retentionSucceededMs: 86_400_000,
    retentionFailedMs: Number.POSITIVE_INFINITY,
    retentionCancelledMs: 400 * 86_400_000,
    host: "::1",
    port: 0,
    httpToken: "0123456789abcdef",
    handlers: "/etc/handlers",
    hooks: "/etc/hooks.ts",
    logLevel: "debug",
    logFormat: "json",
    logFile: "/var/log/worker.log",
    logMaxBytes: 512 * 1024,
    logMaxAgeMs: Number.POSITIVE_INFINITY,
    logKeep: 3,
    fiscautSource: "postgres://u:p@h/dominio",
    fiscautApiUrl: "https://api.example/v1/",
    fiscautApiKey: "k",
    fiscautRate: { count: 60, periodMs: 60_000 },
    fiscautTimeoutMs: 15_000,
  });
  expect(byFile.config).toEqual(byEnv.config);
  const secrets = settingKeys.filter((key) => byFlag.origins[key] === "default");
  expect(secrets).toEqual(["database-url", "http-token", "fiscaut-source", "fiscaut-api-key"]);
});

test("TOML's own numbers, booleans and lists are understood", () => {
  const { config } = load(
    withFile('port = 1\ndrain = true\nqueue = ["mail", "sync", "mail"]\ndrain-timeout = 0'),
  );
  expect(config).toMatchObject({ port: 1, drain: true, queues: ["mail", "sync"], drainTimeoutMs: 0 });
});

test("a relative folder starts from the current one, in the file from the file's, and ~ is the home", () => {
  expect(load({ flags: { "data-dir": "data" } }).config.dataDir).toBe("/somewhere/data");
  expect(load({ env: { FISCAUT_SOURCE: "csv:data" } }).config.fiscautSource).toBe("csv:/somewhere/data");
  expect(load({ env: { FISCAUT_TASKS_DATA_DIR: "~/data" } }).config.dataDir).toBe("/home/ana/data");
  expect(load(withFile('data-dir = "data"')).config.dataDir).toBe("/home/ana/.config/fiscaut-tasks/data");
  expect(load({ flags: { "data-dir": "/x/../~odd" } }).config.dataDir).toBe("/~odd");
  const windows = { platform: "win32", home: "C:\\Users\\ana", currentFolder: "C:\\in" } as const;
  expect(load({ ...windows, flags: { "data-dir": "data" } }).config.dataDir).toBe("C:\\in\\data");
  expect(load({ ...windows, flags: { "data-dir": "~\\data" } }).config.dataDir).toBe("C:\\Users\\ana\\data");
});

describe("a faulty value is told with its source:", () => {
  test.each([
    ["FISCAUT_TASKS_PORT", "abc", '"abc" is not a port (0 to 65535)'],
    ["FISCAUT_TASKS_PORT", "65536", '"65536" is not a port (0 to 65535)'],
    ["FISCAUT_TASKS_PORT", "8430.5", '"8430.5" is not a port (0 to 65535)'],
    ["FISCAUT_TASKS_PORT", "-1", '"-1" is not a port (0 to 65535)'],
    ["FISCAUT_TASKS_PORT", " 1", '" 1" is not a port (0 to 65535)'],
    ["FISCAUT_TASKS_CONCURRENCY", "0", '"0" is not a whole number (1 to 1000)'],
    ["FISCAUT_TASKS_POLL_INTERVAL", "50ms", '"50ms" is outside 100ms to 1h'],
    ["FISCAUT_TASKS_POLL_INTERVAL", "5", '"5" has no unit: write 5s, 5m or 5ms'],
    ["FISCAUT_TASKS_LEASE", "2s", '"2s" is outside 5s to 1h'],
    ["FISCAUT_TASKS_DRAIN_TIMEOUT", "25d", '"25d" is outside 0s to 24d'],
    ["FISCAUT_TASKS_DRAIN", "maybe", '"maybe" is not true or false'],
    ["FISCAUT_TASKS_LOG_LEVEL", "trace", '"trace" is not debug, info, warn or error'],
    ["FISCAUT_TASKS_QUEUES", "a,,b", '"a,,b" holds an empty name'],
    ["FISCAUT_TASKS_QUEUES", "a b", '"a b" holds a name with a blank in it'],
    ["FISCAUT_TASKS_HOST", "http://h", '"http://h" is not an address or host name (no scheme, no port)'],
    ["FISCAUT_TASKS_HOST", "h:80", '"h:80" is not an address or host name (no scheme, no port)'],
    ["FISCAUT_API_URL", "api.example", '"api.example" is not an http:// or https:// URL'],
    ["FISCAUT_API_URL", "ftp://h/", '"ftp://h/" is not an http:// or https:// URL'],
    ["FISCAUT_API_URL", "https://h/?a=1", '"https://h/?a=1" must end with its path: no ? or #'],
  ])("%s=%s", (name, value, message) => {
    const fault = faultOf({ env: { [name]: value } });
    expect(fault.message).toBe(`${name}: ${message}`);
    expect(fault.kind).toBe("config");
  });

  test.each([
    ["port = 1.5", "port: 1.5 is not a port (0 to 65535)"],
    ["port = true", "port: true is not a port (0 to 65535)"],
    ["poll-interval = 5", "poll-interval: 5 has no unit: write 5s, 5m or 5ms"],
    ["queue = []", "queue: the list holds an empty name"],
    ["queue = [1, {}]", "queue: the list is not a list of names"],
    ['data-dir = ""', 'data-dir: "" is empty'],
    ["data-dir = { a = 1 }", "data-dir: the value is not a folder's path"],
    ['log-format = ["json"]', "log-format: the list is not auto, pretty or json"],
    ["host = 1979-05-27T07:32:00Z", "host: the value is not an address or host name"],
  ])("%s", (text, message) => {
    expect(faultOf(withFile(text)).message).toBe(`${userFile}:${message}`);
  });

  test("a flag's is a usage fault, and so is an empty one", () => {
    const fault = faultOf({ flags: { port: "x", "data-dir": "", queue: [""] } });
    expect(fault.kind).toBe("usage");
    expect(fault.message).toContain('--port: "x" is not a port (0 to 65535)');
    expect(fault.message).toContain('--data-dir: "" is empty');
    expect(fault.message).toContain("--queue: the list is empty");
  });

  test("a very long one is cut", () => {
    expect(faultOf({ flags: { port: "9".repeat(10_000) } }).message.length).toBeLessThan(150);
  });
});

test("all faults are told at once, one a line, as a configuration fault when one is not a flag's", () => {
  const fault = faultOf({
    flags: { port: "x" },
    env: { FISCAUT_TASKS_LEASE: "1", FISCAUT_API_KEY: "a b" },
    ...withFile("drain = 3\nprot = 1"),
  });
  expect(fault.kind).toBe("config");
  expect(fault.message.split("\n")).toEqual([
    "5 faults in the configuration:",
    `  ${userFile}:prot: is not a setting`,
    '  FISCAUT_TASKS_LEASE: "1" has no unit: write 1s, 1m or 1ms',
    `  ${userFile}:drain: 3 is not true or false`,
    '  --port: "x" is not a port (0 to 65535)',
    "  FISCAUT_API_KEY: the value holds a blank, a line break or a letter outside ASCII",
  ]);
});

describe("a host that other machines reach", () => {
  const token = { FISCAUT_TASKS_HTTP_TOKEN: "0123456789abcdef" };

  test.each(["0.0.0.0", "::", "192.168.0.10", "worker.example", "127.0.0.1.example"])(
    "%s needs a token",
    (host) => {
      const fault = faultOf({ flags: { host } });
      expect(fault.message).toBe(`--host: "${host}" lets other machines in, and no token is set`);
      expect(fault).toMatchObject({
        kind: "config",
        hint: expect.stringContaining("FISCAUT_TASKS_HTTP_TOKEN"),
      });
      expect(load({ flags: { host }, env: token }).config.host).toBe(host);
    },
  );

  test.each(["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "LOCALHOST"])("is not %s", (host) => {
    expect(load({ flags: { host } }).config.host).toBe(host.replace(/[[\]]/g, ""));
  });

  test("is told once when the token given is faulty", () => {
    const fault = faultOf({ flags: { host: "::" }, env: { FISCAUT_TASKS_HTTP_TOKEN: "short" } });
    expect(fault.message).toBe("FISCAUT_TASKS_HTTP_TOKEN: the value has fewer than 16 characters");
  });
});
