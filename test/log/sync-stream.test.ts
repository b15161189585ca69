import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const source = resolve(import.meta.dir, "../../src/log");
const lineCount = 5_000; // 400 kB: several times what a pipe holds, so a queued rest would be lost.

let folder: string;
let script: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fiscaut-tasks-log-"));
  script = join(folder, "log-and-exit.ts");
  await Bun.write(
    script,
    `import { createLogger } from ${JSON.stringify(join(source, "logger.ts"))};
     import { stderr } from ${JSON.stringify(join(source, "sync-stream.ts"))};
     if (process.argv[2] === "non-blocking") process.stderr.write("");
     const log = createLogger({ level: "info", format: "auto", stream: stderr, redact: (text) => text, colour: true });
     for (let line = 1; line <= ${lineCount}; line++) log.info("line", { line, filler: "ã" });
     process.exit(7);`,
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function expectAllLines(text: string) {
  const lines = text.trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line).line)).toEqual(
    Array.from({ length: lineCount }, (_, index) => index + 1),
  );
}

test.each(["blocking", "non-blocking"])(
  "no line is lost on a %s pipe when the process exits at once",
  async (mode) => {
    const child = Bun.spawn([process.execPath, script, mode], {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    });
    expectAllLines(await new Response(child.stderr).text());
    expect(await child.exited).toBe(7);
  },
);

test("no line is lost in a file when the process exits at once", async () => {
  const file = join(folder, "stderr.log");
  const child = Bun.spawn([process.execPath, script], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: Bun.file(file),
  });
  expect(await child.exited).toBe(7);
  expectAllLines(await readFile(file, "utf8"));
});

test("a reader that goes away doesn't end the process", async () => {
  const child = Bun.spawn([process.execPath, script], { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  await child.stderr.cancel();
  expect(await child.exited).toBe(7);
});
