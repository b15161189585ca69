/** That children do not outlive their thread is held by a process of its own, which may itself be ended. */
import { afterAll, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { until } from "../until.ts";
import { createProgramBed, isAlive } from "./program-bed.ts";

const bed = createProgramBed();
afterAll(() => bed.remove());

/** The shells that watch this process' programs, as soon as they ignore SIGTERM; `others`: those of other tests. */
function findWatchers(others: number[] = []): number[] {
  const isWatcher = (pid: number) => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      const [parent] = /(?<=^PPid:\t)\d+/m.exec(status) ?? [];
      return Number(parent) === process.pid && isAlive(pid) && /^SigIgn:\t\w+4\w{3}$/m.test(status);
    } catch {
      return false;
    }
  };
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && !others.includes(pid) && isWatcher(pid));
}

test("programs run on when their watcher is ended, and the next one starts another", async () => {
  const others = findWatchers();
  expect(await bed.attempt("echo one").result).toBe("one");
  const [first] = await until(() => findWatchers(others).length === 1 && findWatchers(others));
  if (first === undefined) throw new Error("there is no watcher");
  // A stop that signals every process of the service does not end it.
  process.kill(first, "SIGTERM");
  expect(await bed.attempt("echo two").result).toBe("two");
  expect(findWatchers(others)).toEqual([first]);

  const lasting = bed.attempt("echo started >&2; read -r line; sleep 300");
  await until(() => lasting.lines.length === 1);
  process.kill(first, "SIGKILL");
  await until(() => !isAlive(first));
  expect(await bed.attempt("echo three").result).toBe("three");
  lasting.abort();
  await expect(lasting.result).rejects.toThrow("aborted by the test");
  expect(await bed.attempt("echo four").result).toBe("four");
  await until(() => findWatchers(others).length === 1);
});
