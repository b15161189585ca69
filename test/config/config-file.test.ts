import { describe, expect, test } from "bun:test";
import { faultOf, load, type MadeUp } from "./surroundings.ts";

const etc = "/etc/fiscaut-tasks/fiscaut-tasks.toml";
const userFile = "/home/ana/.config/fiscaut-tasks/fiscaut-tasks.toml";

describe("the configuration file", () => {
  test.each<[string, string, MadeUp]>([
    ["root", etc, { isRoot: true }],
    ["a user", userFile, {}],
    [
      "a user with XDG_CONFIG_HOME",
      "/cfg/fiscaut-tasks/fiscaut-tasks.toml",
      { env: { XDG_CONFIG_HOME: "/cfg" } },
    ],
    ["a user with a relative XDG_CONFIG_HOME", userFile, { env: { XDG_CONFIG_HOME: "cfg" } }],
    ["a folder beside the executable", "/opt/tasks/fiscaut-tasks.toml", { executableFolder: "/opt/tasks" }],
    ["--config", "/somewhere/my.toml", { flags: { config: "my.toml" } }],
    ["FISCAUT_TASKS_CONFIG", "/my.toml", { env: { FISCAUT_TASKS_CONFIG: "/my.toml" } }],
    [
      "Windows",
      "D:\\ProgramData\\fiscaut-tasks\\fiscaut-tasks.toml",
      { platform: "win32", env: { ProgramData: "D:\\ProgramData" } },
    ],
    [
      "Windows without a variable",
      "C:\\ProgramData\\fiscaut-tasks\\fiscaut-tasks.toml",
      { platform: "win32" },
    ],
    [
      "the executable's folder on Windows",
      "C:\\tasks\\fiscaut-tasks.toml",
      { platform: "win32", executableFolder: "C:\\tasks" },
    ],
  ])("of %s is %s", (_, path, given) => {
    const { file, config } = load({ ...given, files: { [path]: "port = 1" } });
    expect(file).toBe(path);
    expect(config.port).toBe(1);
  });

  test("is never looked for in the current folder", () => {
    const { file } = load({ currentFolder: "/here", files: { "/here/fiscaut-tasks.toml": "port = 1" } });
    expect(file).toBeUndefined();
  });

  test("is --config before FISCAUT_TASKS_CONFIG before the executable's folder before the user's", () => {
    const files = {
      "/a": "port = 1",
      "/b": "port = 2",
      "/x/fiscaut-tasks.toml": "port = 3",
      [userFile]: "port = 4",
    };
    const env = { FISCAUT_TASKS_CONFIG: "/b" };
    const executableFolder = "/x";
    expect(load({ files, executableFolder, env, flags: { config: "/a" } }).config.port).toBe(1);
    expect(load({ files, executableFolder, env }).config.port).toBe(2);
    expect(load({ files, executableFolder }).config.port).toBe(3);
    expect(load({ files }).config.port).toBe(4);
  });

  test("that is named must exist", () => {
    expect(faultOf({ flags: { config: "/no" } })).toMatchObject({
      kind: "config",
      message: "--config: /no does not exist",
    });
    expect(faultOf({ env: { FISCAUT_TASKS_CONFIG: "/no" } }).message).toBe(
      "FISCAUT_TASKS_CONFIG: /no does not exist",
    );
    expect(faultOf({ flags: { config: "" } })).toMatchObject({
      kind: "usage",
      message: "--config: no path is given",
    });
  });

  test("that exists but can't be read is a fault, not passed over", () => {
    const fault = faultOf({ files: { [userFile]: { code: "EACCES" } } });
    expect(fault.message).toBe(`${userFile}: can't be read: permission denied`);
  });

  test("may be empty", () => {
    expect(load({ files: { [userFile]: "" } }).config.port).toBe(8430);
  });
});

test.each([
  ["pot = 1", "pot: is not a setting; did you mean port?"],
  ["poll_interval = 1", "poll_interval: is not a setting; did you mean poll-interval?"],
  ['DATABASE_URL = "x"', "DATABASE_URL: is not a setting; did you mean database-url?"],
  ["colour = true", "colour: is not a setting"],
  ["constructor = 1", "constructor: is not a setting"],
  ["[fiscaut]\napi-url = 1", "fiscaut: is a table; settings are plain keys, without a [table] above them"],
])("an unknown key is a fault: %j", (text, message) => {
  expect(faultOf({ files: { [userFile]: text } }).message).toBe(`${userFile}:${message}`);
});

test.each([
  ["port = ", 1],
  ["# comment\n\nport = 1\nhost = localhost\nlease = '1m'", 4],
  ["port = 1\nport = 2", 2],
  ['queue = [\n  "a",\n  "b",\n]\nhost = \n', 5],
  ['queue = [\n  "a",\n  b,\n]\n', 1],
])("what is no TOML is told with the line where the faulty part begins: %j", (text, line) => {
  const fault = faultOf({ files: { [userFile]: text } });
  expect(fault.message).toBe(`${userFile}: line ${line} is not TOML; text needs quotes: key = "text"`);
});

test("the rest is still validated when the file is no TOML", () => {
  const fault = faultOf({ files: { [userFile]: "?" }, env: { FISCAUT_TASKS_PORT: "x" } });
  expect(fault.message).toContain("line 1 is not TOML");
  expect(fault.message).toContain("FISCAUT_TASKS_PORT");
});

test.each<[string, string, MadeUp]>([
  ["root", "/var/lib/fiscaut-tasks", { isRoot: true }],
  ["a user", "/home/ana/.local/share/fiscaut-tasks", {}],
  ["a user with XDG_DATA_HOME", "/data/fiscaut-tasks", { env: { XDG_DATA_HOME: "/data" } }],
  ["Windows", "D:\\PD\\fiscaut-tasks", { platform: "win32", env: { PROGRAMDATA: "D:\\PD" } }],
])("the data folder of %s is %s", (_, path, given) => {
  expect(load(given).config.dataDir).toBe(path);
});
