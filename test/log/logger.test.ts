import { describe, expect, setSystemTime, test } from "bun:test";
import { allowsColour, createLogger, type LoggerOptions } from "../../src/log/logger.ts";
import { createRedactor } from "../../src/log/redactor.ts";

function capture(options: Partial<LoggerOptions> & { isTTY?: boolean } = {}) {
  const written: string[] = [];
  const { isTTY = false, ...others } = options;
  const stream = { isTTY, write: (text: string) => void written.push(text) };
  const log = createLogger({
    level: "debug",
    format: "auto",
    redact: createRedactor(),
    colour: true,
    stream,
    ...others,
  });
  return { log, written, parsed: () => written.map((line) => JSON.parse(line)) };
}

const circular: { name: string; self?: unknown } = { name: "loop" };
circular.self = circular;

describe("JSON lines", () => {
  test("carry time, level, message and fields, in that order", () => {
    const { log, written, parsed } = capture();
    log.warn("task retried", { task: 7, queue: "default" });
    const [line] = parsed();
    expect(Object.keys(line)).toEqual(["time", "level", "message", "task", "queue"]);
    expect(line).toMatchObject({ level: "warn", message: "task retried", task: 7, queue: "default" });
    expect(new Date(line.time).toISOString()).toBe(line.time);
    expect(written[0]?.endsWith("}\n")).toBe(true);
  });

  test("stay one line whatever message and fields hold", () => {
    const { log, written } = capture();
    log.error("first\nsecond\r\nthird", { body: "a\nb", error: new Error("multi\nline") });
    expect(written).toHaveLength(1);
    expect(written[0]?.match(/\n/g)).toHaveLength(1);
  });

  test("give an error's name, message, code, stack and causes, but not the driver's statement", () => {
    const { log, parsed } = capture();
    const cause = Object.assign(new TypeError("no route"), { code: "EHOSTUNREACH" });
    log.error("call failed", {
      error: Object.assign(new Error("fetch failed", { cause }), { query: "select 1" }),
    });
    const { error } = parsed()[0];
    expect(error).toMatchObject({
      name: "Error",
      message: "fetch failed",
      cause: { name: "TypeError", message: "no route", code: "EHOSTUNREACH" },
    });
    expect(error.stack).toContain("logger.test.ts");
    expect(error.query).toBeUndefined();
  });

  test("survive big integers, circles, odd numbers, maps, bytes and objects that throw", () => {
    const { log, parsed } = capture();
    const hostile = {
      get secret() {
        throw new Error("no");
      },
    };
    log.info("odd", {
      id: 12n,
      huge: 2n ** 80n,
      circular,
      ratio: Number.NaN,
      map: new Map([["a", 1]]),
      bytes: new Uint8Array(3),
      hostile,
      at: new Date(0),
      nothing: undefined,
      none: null,
      call: () => 1,
    });
    expect(parsed()[0]).toMatchObject({
      id: 12,
      huge: String(2n ** 80n),
      circular: { name: "loop", self: "[circular]" },
      ratio: "NaN",
      map: [["a", 1]],
      bytes: "[3 bytes]",
      hostile: "[unreadable]",
      at: "1970-01-01T00:00:00.000Z",
      none: null,
    });
    expect(parsed()[0]).not.toContainKeys(["nothing", "call"]);
  });

  test("cut off what is nested without end", () => {
    const { log, written } = capture();
    let deep: unknown = "bottom";
    for (let depth = 0; depth < 10_000; depth++) deep = [deep];
    log.info("deep", { deep });
    expect(written[0]).toContain("[deeper]");
    expect(written[0]?.length).toBeLessThan(200);
  });

  test("show a value twice when it is there twice without a circle", () => {
    const { log, parsed } = capture();
    const shared = { a: 1 };
    log.info("twice", { one: shared, two: [shared, shared] });
    expect(parsed()[0]).toMatchObject({ one: { a: 1 }, two: [{ a: 1 }, { a: 1 }] });
  });

  test("keep a field that has the name of a built-in one", () => {
    const { log, parsed } = capture();
    log.info("real", { message: "from a handler", level: 3, time: "noon", toString: "own" });
    expect(parsed()[0]).toMatchObject({
      message: "real",
      level: "info",
      "field.message": "from a handler",
      "field.level": 3,
      "field.time": "noon",
      toString: "own",
    });
  });
});

describe("pretty lines", () => {
  test("read as time, level, message and name=value", () => {
    const { log, written } = capture({ format: "pretty" });
    log.info("task succeeded", { task: 7, name: "fiscaut.sync-supplier", title: "ACME Ltda", batch: null });
    expect(written[0]).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} INFO {2}task succeeded task=7 name=fiscaut\.sync-supplier title="ACME Ltda" batch=null\n$/,
    );
  });

  test("tell the local time", () => {
    const { log, written } = capture({ format: "pretty" });
    const at = new Date(2026, 10, 24, 17, 39, 7, 123);
    setSystemTime(at);
    try {
      log.info("now");
    } finally {
      setSystemTime();
    }
    expect(written[0]).toStartWith("2026-11-24 17:39:07.123 ");
  });

  test("quote what would be read wrongly: blanks, equals signs, quotes, emptiness", () => {
    const { log, written } = capture({ format: "pretty" });
    log.info("m", { a: "x y", b: "k=v", c: 'say "hi"', d: "", e: { f: [1, "two"] } });
    expect(written[0]).toContain(String.raw`m a="x y" b="k=v" c="say \"hi\"" d="" e={"f":[1,"two"]}`);
  });

  test("escape control characters, so that a server's answer can't steer the terminal", () => {
    const { log, written } = capture({ format: "pretty", isTTY: true, colour: false });
    log.warn("answer \u001b[2J\u009b1m\nfaked line", { body: "\u001b]0;title\u0007", next: "a\u009bb" });
    expect(written[0]?.trimEnd()).not.toMatch(/\p{Cc}/u);
    expect(written[0]).toContain(String.raw`answer \u001b[2J\u009b1m\nfaked line`);
  });

  test("put an error into the line with its cause, and its stack beneath at level error only", () => {
    const { log, written } = capture({ format: "pretty" });
    const error = new Error("fetch failed", { cause: new TypeError("refused") });
    log.warn("again", { error });
    log.error("gave up", { error });
    expect(written[0]).toContain('again error="Error: fetch failed (because of TypeError: refused)"');
    expect(written[0]?.match(/\n/g)).toHaveLength(1);
    const [first, ...stack] = written[1]?.trimEnd().split("\n") ?? [];
    expect(first).toContain("gave up error=");
    expect(stack.length).toBeGreaterThan(0);
    expect(stack.every((line) => line.startsWith("    at "))).toBe(true);
  });

  test("are coloured on a terminal only, and only when that is allowed", () => {
    const lines = [
      { isTTY: true, colour: true },
      { isTTY: true, colour: false },
      { isTTY: false, colour: true },
    ].map((options) => {
      const { log, written } = capture({ format: "pretty", ...options });
      log.info("hello", { a: 1 });
      return written.join("");
    });
    expect(lines.map((line) => line.includes("\u001b["))).toEqual([true, false, false]);
    expect(Bun.stripANSI(lines[0] ?? "").replace(/^\S+ \S+ /, "")).toBe("INFO  hello a=1\n");
  });
});

test("auto is pretty on a terminal and JSON otherwise", () => {
  const terminal = capture({ isTTY: true });
  const pipe = capture();
  terminal.log.info("x");
  pipe.log.info("x");
  expect(Bun.stripANSI(terminal.written[0] ?? "")).toEndWith("INFO  x\n");
  expect(pipe.parsed()).toHaveLength(1);
});

test.each([
  ["debug", ["debug", "info", "warn", "error"]],
  ["info", ["info", "warn", "error"]],
  ["warn", ["warn", "error"]],
  ["error", ["error"]],
] as const)("level %s writes what is as important or more", (level, expected) => {
  const { log, parsed } = capture({ level });
  for (const name of ["debug", "info", "warn", "error"] as const) log[name]("x");
  expect(parsed().map((line) => line.level)).toEqual([...expected]);
});

test("a line repeated many times at once is written as many times", () => {
  const { log, written } = capture();
  for (let count = 0; count < 50; count++) log.info("same", { a: 1 });
  expect(written).toHaveLength(50);
});

test("NO_COLOR with any text and a dumb terminal forbid colour", () => {
  expect(allowsColour({})).toBe(true);
  expect(allowsColour({ NO_COLOR: "" })).toBe(true);
  expect(allowsColour({ NO_COLOR: "0" })).toBe(false);
  expect(allowsColour({ TERM: "dumb" })).toBe(false);
});

describe("secrets", () => {
  const redact = createRedactor(["s3cret-token-value", "postgres://u:p%22w@h/db", 'p"w', ""]);

  test.each(["json", "pretty"] as const)("are blanked out of %s lines wherever they stand", (format) => {
    const { log, written } = capture({ format, redact });
    log.error("using s3cret-token-value", {
      header: "Bearer s3cret-token-value",
      "s3cret-token-value": 1,
      nested: { list: ["postgres://u:p%22w@h/db"], quoted: 'password is p"w' },
      error: new Error('login with p"w refused', { cause: new Error("s3cret-token-value") }),
    });
    const text = written.join("");
    expect(text).not.toContain("s3cret");
    expect(text).not.toContain("p%22w");
    expect(text).not.toMatch(/p\\*"w/);
    expect(text).toContain("Bearer ***");
  });

  test("that are part of a longer one don't leave the rest of it standing", () => {
    const { log, parsed } = capture({ redact: createRedactor(["abcd", "abcdefgh"]) });
    log.info("abcdefgh abcd");
    expect(parsed()[0].message).toBe("*** ***");
  });
});
