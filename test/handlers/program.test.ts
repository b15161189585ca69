/** Executable files as handlers, by real shell scripts. That a worker runs them is tested end to end. */
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isProgram, programHandler } from "../../src/handlers/program.ts";
import { PermanentError } from "../../src/task/outcome.ts";
import { until } from "../until.ts";
import { createProgramBed, isAlive } from "./program-bed.ts";

const bed = createProgramBed();
afterAll(() => bed.remove());

const pidsIn = (text: string) => text.trim().split(/\s+/).map(Number);
const thrownBy = (result: Promise<unknown>): Promise<Error> =>
  result.then(
    () => Promise.reject(new Error("it threw nothing")),
    (error) => error,
  );

describe("a file is a program", () => {
  test("by its execute bit, unless its extension says what else it is", () => {
    const script = "#!/bin/sh\n";
    expect(isProgram(bed.write("report.sh", script))).toBe(true);
    expect(isProgram(bed.write("report", script))).toBe(true);
    expect(isProgram(bed.write("plain.sh", script, 0o644))).toBe(false);
    for (const name of ["handler.ts", "handler.mjs", "sdk.d.ts", "tsconfig.json", "README.md"])
      expect(isProgram(bed.write(name, script))).toBe(false);
    expect(isProgram(bed.folder)).toBe(false);
    expect(isProgram(join(bed.folder, "gone.sh"))).toBe(false);
  });

  test("and is named as the file, without its extension", () => {
    const nameOf = (file: string) => programHandler(join(bed.folder, file), bed.children).name;
    expect(["report.sh", "report", "office.daily.py"].map(nameOf)).toEqual([
      "report",
      "report",
      "office.daily",
    ]);
  });
});

describe("what a program is given", () => {
  test("is the payload on its standard input, as one line of JSON and an end", async () => {
    const payload = { company: 1, name: "São João", list: [1, null] };
    expect(await bed.attempt("cat", payload).result).toEqual(payload);
    expect(await bed.attempt('read -r line && printf "%s" "$line"', payload).result).toEqual(payload);
  });

  test("may be left unread, however long it is", async () => {
    expect(await bed.attempt("echo done", "x".repeat(1_000_000)).result).toBe("done");
    expect(await bed.attempt("exec <&-; sleep 0.1; echo done", "x".repeat(1_000_000)).result).toBe("done");
  });

  test("is which attempt of which task it is, beside the environment that was handed down", async () => {
    const environment = await bed.attempt("env").result;
    const names = String(environment)
      .split("\n")
      .map((line) => line.replace(/=.*/, ""));
    const set = names.filter((name) => !["_", "PWD", "SHLVL", "OLDPWD"].includes(name)).sort();
    expect(set).toEqual([
      "FISCAUT_TASK_ATTEMPT",
      "FISCAUT_TASK_ID",
      "FISCAUT_TASK_NAME",
      "FISCAUT_TASK_QUEUE",
      "PATH",
      "TZ",
    ]);
    expect(environment).toContain("FISCAUT_TASK_ID=7");
    expect(environment).toContain("FISCAUT_TASK_ATTEMPT=3");
    expect(environment).toContain("FISCAUT_TASK_QUEUE=slow");
  });

  test("is its own folder to run in", async () => {
    expect(await bed.attempt("pwd").result).toBe(bed.folder);
  });
});

describe("what a program prints on its standard output", () => {
  test("is its result: as JSON, else as text, null when it is empty", async () => {
    expect(await bed.attempt(`echo '{"sent": 3}'`).result).toEqual({ sent: 3 });
    expect(await bed.attempt("echo; echo ' three sent '; echo").result).toBe("three sent");
    expect(await bed.attempt("echo").result).toBe(null);
    expect(await bed.attempt(":").result).toBe(null);
  });

  test("is text where it is nested deeper than Postgres bears", async () => {
    const deep = await bed.attempt(`printf '[%.0s' $(seq 300); printf ']%.0s' $(seq 300)`).result;
    expect(deep).toBe("[".repeat(300) + "]".repeat(300));
  });

  test("is dropped beyond a mebibyte, which is told", async () => {
    const { result, lines } = bed.attempt("head -c 1048577 /dev/zero | tr '\\0' x");
    expect(await result).toEqual({ dropped: "the output is larger than 1048576 bytes" });
    expect(lines).toEqual(["not kept: the output is larger than 1048576 bytes"]);
  });

  test("fills no memory: 200 MB on one output, 20 MB in lines on the other", async () => {
    Bun.gc(true);
    const before = process.memoryUsage.rss();
    let most = 0;
    const timer = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 10);
    const { result, lines } = bed.attempt(
      "head -c 200000000 /dev/zero; yes 'a line of the log' | head -c 20000000 >&2",
    );
    expect(await result).toMatchObject({ dropped: expect.any(String) });
    clearInterval(timer);
    expect(lines.length).toBeLessThan(3_000);
    expect(lines.join()).toMatch(/\d+ log lines left out: more than 100 a second/);
    // The process of the tests has other garbage, too.
    expect((most - before) / 1e6).toBeLessThan(150);
  });
});

describe("what a program prints on its standard error", () => {
  test("is logged line by line, as it comes", async () => {
    const { result, lines, abort } = bed.attempt(
      "echo 'first line' >&2; printf 'second\\r\\n\\nthird' >&2; read -r x < /dev/null; exec sleep 60",
    );
    await until(() => lines.length === 2);
    expect(lines).toEqual(["first line", "second"]);
    abort();
    await thrownBy(result);
    expect(lines).toEqual(["first line", "second", "third"]);
  });

  test("sets the progress where it says so, of much at once the newest", async () => {
    const said = ["0", "0.25 a quarter", "5 files", "made", ".75", "1 all of it"];
    const { result, lines, progress } = bed.attempt(
      said.map((words) => `echo progress ${words} >&2`).join("\n"),
    );
    await result;
    expect(progress.at(0)).toEqual([0, undefined]);
    expect(progress.at(-1)).toEqual([1, "all of it"]);
    expect(lines).toEqual(["progress 5 files", "progress made"]);
  });

  test("is cut where a line is long", async () => {
    const { result, lines } = bed.attempt(
      "head -c 3000000 /dev/zero | tr '\\0' x >&2; echo >&2; echo next >&2",
    );
    await result;
    expect(lines).toEqual([`${"x".repeat(2_000)}…`, "next"]);
  });
});

describe("an exit code", () => {
  test("other than 0 is the attempt's error, with the last lines of the standard error", async () => {
    const error = await thrownBy(bed.attempt("seq 30 >&2; echo 'no such company' >&2; exit 3").result);
    expect(error).not.toBeInstanceOf(PermanentError);
    expect(error.message).toBe("exit code 3: no such company");
    expect(error.stack?.split("\n")).toEqual(
      [...Array(19).keys()].map((n) => String(n + 12)).concat("no such company"),
    );
  });

  test("without a word there has the last line of the standard output, or none", async () => {
    expect((await thrownBy(bed.attempt("echo sorry; exit 1").result)).message).toBe("exit code 1: sorry");
    const silent = await thrownBy(bed.attempt("exit 75").result);
    expect(silent.message).toBe("exit code 75");
    expect(silent.stack).toBeUndefined();
  });

  test("of 65 fails the task for good", async () => {
    const error = await thrownBy(bed.attempt("echo 'a bad payload' >&2; exit 65").result);
    expect(error).toBeInstanceOf(PermanentError);
    expect(error.message).toBe("exit code 65: a bad payload");
  });

  test("is a signal's name where one has ended the program", async () => {
    expect((await thrownBy(bed.attempt("echo so far >&2; kill -SEGV $$").result)).message).toBe(
      "ended by SIGSEGV: so far",
    );
  });
});

describe("a file that can't be run", () => {
  test.each([
    ["no-shebang", "echo hello\n", "it has no #! line, or is made for another kind of machine"],
    [
      "windows-lines",
      "#!/bin/sh\r\necho hello\r\n",
      "its lines end as on Windows: store it with Unix line ends",
    ],
    ["no-interpreter", "#!/nowhere/python\n", "what it is run by does not exist: #!/nowhere/python"],
  ])("is told why: %s", async (name, text, why) => {
    const path = bed.write(name, text);
    const run = () => programHandler(path, bed.children).run(null, bed.context());
    expect((await thrownBy(run())).message).toBe(`${path} can't be started: ${why}`);
  });
});

describe("a program that is aborted", () => {
  test("is asked to stop with all that it has started", async () => {
    const { result, lines, abort } = bed.attempt(
      "trap 'echo tidying >&2; exit 0' TERM; sleep 300 & echo $$ $! >&2; wait",
    );
    await until(() => lines.length === 1);
    const pids = pidsIn(lines[0] ?? "");
    expect(pids.map(isAlive)).toEqual([true, true]);
    abort();
    expect((await thrownBy(result)).message).toBe("aborted by the test");
    expect(lines).toContain("tidying");
    await until(() => !pids.some(isAlive));
  });

  test("is killed with all that it has started when it goes on", async () => {
    const script =
      "trap '' TERM; (trap '' TERM; exec sleep 300) & echo $$ $! >&2; wait; wait; exec sleep 300";
    const { result, lines, abort } = bed.attempt(script, null, { graceMs: 200, lingerMs: 200 });
    await until(() => lines.length === 1);
    const pids = pidsIn(lines[0] ?? "");
    abort();
    await thrownBy(result);
    await until(() => !pids.some(isAlive));
  });
});

describe("what a program leaves running", () => {
  test("is ended with it, whether it holds its output open or not", async () => {
    const quiet = bed.attempt("sleep 300 > /dev/null 2>&1 & echo $!");
    const quietPid = Number(await quiet.result);
    await until(() => !isAlive(quietPid));
    const holding = bed.attempt("sleep 300 & echo $!", null, { graceMs: 200, lingerMs: 200 });
    const holdingPid = Number(await holding.result);
    expect(holding.lines).toEqual(["it has left processes behind, which were ended"]);
    await until(() => !isAlive(holdingPid));
  });

  test("may still write for a moment", async () => {
    expect(
      await bed.attempt("(sleep 0.2; echo late) &", null, { graceMs: 200, lingerMs: 30_000 }).result,
    ).toBe("late");
  });
});

describe("when the process that runs programs is killed", () => {
  test("they are killed with all that they have started", async () => {
    const pidsFile = join(bed.folder, "pids");
    const lasting = bed.write("lasting.sh", "#!/bin/sh\nsleep 300 & echo $$ $! > pids; wait\n");
    const quick = bed.write("quick.sh", "#!/bin/sh\n:\n");
    const runPrograms = [process.execPath, join(import.meta.dir, "run-programs.ts")];
    const parent = Bun.spawn([...runPrograms, quick, lasting, quick], { stdout: "pipe" });
    await parent.stdout.getReader().read();
    await until(() => existsSync(pidsFile) && readFileSync(pidsFile, "utf8").endsWith("\n"));
    const pids = pidsIn(readFileSync(pidsFile, "utf8"));
    expect(pids.map(isAlive)).toEqual([true, true]);
    parent.kill("SIGKILL");
    await parent.exited;
    await until(() => !pids.some(isAlive));
  });
});
