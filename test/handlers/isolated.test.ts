/** Handlers in a process of their own: what crosses its border, and what its end means. Their verbs: `isolated-verbs.test.ts`. */
import { afterAll, describe, expect, test } from "bun:test";
import { PermanentError, RetryAfter, Snooze } from "../../src/task/outcome.ts";
import { until } from "../until.ts";
import { createIsolatedBed } from "./isolated-bed.ts";
import { isAlive } from "./program-bed.ts";

const bed = createIsolatedBed();
afterAll(() => bed.remove());

async function run(body: string, payload?: unknown): Promise<unknown> {
  return await (await bed.attempt(await bed.load(body), payload)).result;
}
const thrownBy = (body: string): Promise<Error> =>
  run(body).then(
    (result) => Promise.reject(new Error(`it returned ${JSON.stringify(result)}`)),
    (error) => error,
  );

describe("an isolated handler", () => {
  test("runs in a process of its own, with its payload, its task and its result", async () => {
    const result = await run(
      "return { pid: process.pid, payload, attempt: context.task.attempt, id: context.task.id }",
      {
        company: 1,
      },
    );
    expect(result).toEqual({ pid: expect.any(Number), payload: { company: 1 }, attempt: 3, id: 7 });
    expect(result).not.toMatchObject({ pid: process.pid });
  });

  test("is given what its schema makes of the payload, made once", async () => {
    const handler = await bed.load(
      "return payload.n",
      "payload: z.object({ n: z.number().transform((n) => n + 1) }),",
    );
    expect(await (await bed.attempt(handler, { n: 1 })).result).toBe(2);
    await expect(bed.attempt(handler, { n: "one" })).rejects.toThrow("n: ");
  });

  test("logs and tells its progress, whatever it logs", async () => {
    const { result, lines, progress } = await bed.attempt(
      await bed.load(`
        context.log("plain", { n: 1 });
        context.log("odd", { callback: () => 1 });
        context.progress(0.5, "half");
        console.log("on stdout");
        console.error("on stderr");`),
    );
    expect(await result).toBe(null);
    expect(lines.toSorted()).toEqual(["odd", "on stderr", "on stdout", "plain"]);
    expect(progress).toEqual([[0.5, "half"]]);
  });

  test("may return what is no JSON, or too much of it: its work is done", async () => {
    expect(await run("return undefined")).toBe(null);
    expect(await run("return { n: 10n }")).toEqual({
      dropped: expect.stringContaining("the result is not JSON"),
    });
    expect(await run("return 'x'.repeat(2 ** 21)")).toEqual({
      dropped: "the result is larger than 1048576 bytes",
    });
  });

  test("may leave an error behind, which is logged", async () => {
    const { result, lines } = await bed.attempt(
      await bed.load(`
        setTimeout(() => { throw new Error("nobody waits for me"); }, 1);
        await Bun.sleep(20);
        return "done";`),
    );
    expect(await result).toBe("done");
    expect(lines.join()).toContain("nobody waits for me");
  });

  test("finds no secret of the worker's, neither in its environment nor in its arguments", async () => {
    const seen = (await run("return [Object.keys(process.env), process.argv]")) as [string[], string[]];
    expect(seen[0].filter((name) => !name.startsWith("FISCAUT_TASK_"))).toEqual(["PATH"]);
    expect(seen[1].at(-1)).toBe("isolated-handler");
  });

  test("starts in a fraction of a second", async () => {
    const handler = await bed.load("return process.memoryUsage.rss()");
    const startedMs = performance.now();
    expect(Number(await (await bed.attempt(handler)).result) / 1e6).toBeLessThan(300);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });
});

describe("what an isolated handler throws", () => {
  test("keeps its message, its stack and what it has to say of itself", async () => {
    const error = await thrownBy(`
      function deepInside() { throw Object.assign(new TypeError("no such company"), { code: "E17" }); }
      deepInside();`);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: "TypeError", message: "no such company", code: "E17" });
    expect(error.stack).toContain("deepInside");
    expect(error.stack).toMatch(/isolated-\d+\.ts:\d+:\d+/);
    await expect(run("throw 'a text'")).rejects.toBe("a text");
  });

  test("keeps its kind", async () => {
    expect(await thrownBy("throw new PermanentError('wrong')")).toBeInstanceOf(PermanentError);
    expect(await thrownBy("throw new (class Mine extends PermanentError {})('mine')")).toBeInstanceOf(
      PermanentError,
    );
    const later = await thrownBy("throw new RetryAfter(5000, 'later')");
    expect(later).toBeInstanceOf(RetryAfter);
    expect(later).toMatchObject({ delayMs: 5_000, message: "later" });
    const snooze = await thrownBy("throw new Snooze(60000)");
    expect(snooze).toBeInstanceOf(Snooze);
    expect(snooze).toMatchObject({ delayMs: 60_000 });
  });

  test("fails the task for good where the payload has become another one's", async () => {
    const handler = await bed.load("", "payload: z.object({ n: z.number() }),");
    const unchecked = { ...handler, payload: (await bed.load("")).payload };
    const error = await (await bed.attempt(unchecked, { n: "one" })).result.catch(
      (thrown) => thrown as Error,
    );
    expect(error).toBeInstanceOf(PermanentError);
    expect(String(error)).toMatch(/: the payload is not isolated-\d+'s: n: /);
  });
});

describe("the end of an isolated handler's process", () => {
  test.each([
    ["it exits", "process.exit(3)", "its process ended before it did: exit code 3"],
    ["it exits in order", "process.exit(0)", "its process ended before it did: exit code 0"],
    ["it is killed", "process.kill(process.pid, 'SIGKILL'); await Bun.sleep(60_000)", "ended by SIGKILL"],
    ["it says why", "console.error('no paper'); process.exit(1)", "exit code 1: no paper"],
  ])("is the attempt's error where %s", async (_, body, message) => {
    expect((await thrownBy(body)).message).toContain(message);
  });

  test("comes with that of all that it has started", async () => {
    const result = await run(`
      const child = Bun.spawn(["sleep", "300"], { stdout: "ignore", stderr: "inherit" });
      return child.pid;`);
    await until(() => !isAlive(Number(result)));
  });

  test("is awaited only for a moment after its result", async () => {
    expect(await run("setInterval(() => {}, 1000); setTimeout(() => { for (;;); }, 0); return 'done'")).toBe(
      "done",
    );
  });
});

describe("an isolated handler that is aborted", () => {
  test("hears of it, and may tidy up", async () => {
    const { result, lines, abort } = await bed.attempt(
      await bed.load(`
        context.log("waiting");
        await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
        context.log("tidying: " + context.signal.reason.message);
        throw context.signal.reason;`),
    );
    await until(() => lines.includes("waiting"));
    abort();
    await expect(result).rejects.toThrow("aborted by the test");
    expect(lines).toContain("tidying: aborted by the test");
  });

  test("is killed when it spins", async () => {
    const handler = await bed.load("context.log(String(process.pid)); await Bun.sleep(1); for (;;);", "", {
      graceMs: 200,
      lingerMs: 200,
    });
    const { result, lines, abort } = await bed.attempt(handler);
    await until(() => lines.length === 1);
    abort();
    expect(await result.catch((error) => error.message)).toBe("aborted by the test");
    await until(() => !isAlive(Number(lines[0])));
  });
});
