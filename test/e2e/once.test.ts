/** Keys and the order of priorities on the command line. What the rules do is the store's, and tested there. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createDatabase, type TestDatabase } from "../postgres.ts";
import { execute, executeJson } from "./executable.ts";

let database: TestDatabase;
let env: Record<string, string>;
beforeAll(async () => {
  database = await createDatabase();
  env = { DATABASE_URL: database.url };
});
afterAll(() => database.drop());

interface Enqueued {
  id: number;
  outcome: string;
}
const enqueue = (...words: string[]) => executeJson<Enqueued>(["enqueue", "office.report", ...words], env);

describe("enqueue with a key", () => {
  test("adds nothing while a live task has it, and says which one", async () => {
    const { id } = await enqueue("--key", "report 11");
    const again = await execute(["enqueue", "office.report", "--key", "report 11"], env);
    expect([again.exitCode, again.stdout]).toEqual([
      0,
      `task ${id} is live and has the key: nothing is added\n`,
    ]);
    expect(await enqueue("--key", "report 11", "--on-conflict", "reschedule", "--delay", "1h")).toMatchObject(
      {
        id,
        outcome: "rescheduled",
      },
    );
    expect((await execute(["show", String(id)], env)).stdout).toMatch(/key +report 11\n/);
  });

  test("of the payload finds an equal one whose members stand in another order, and replaces it", async () => {
    const first = await enqueue(`{"month": 11, "year": 2026}`, "--key-of-payload");
    const second = await enqueue(
      `{"year": 2026, "month": 11}`,
      "--key-of-payload",
      "--on-conflict",
      "replace",
    );
    expect(second.outcome).toBe("replaced");
    const refused = await execute(["retry", String(first.id)], env);
    expect([refused.exitCode, refused.stderr]).toEqual([
      1,
      `error: task ${first.id} can't be retried: task ${second.id} is live and has its key\nTry: let ${second.id} run, or cancel it first\n`,
    ]);
  });

  test("refuses a rule that there is not, and a rule without a key", async () => {
    for (const [words, message] of [
      [["--key", "k", "--on-conflict", "ignore"], "onConflict"],
      [["--on-conflict", "skip"], "needs a key"],
    ] as const) {
      const { exitCode, stderr } = await execute(["enqueue", "office.report", ...words], env);
      expect(stderr).toContain(message);
      expect(exitCode).toBe(2);
    }
  });
});

test("--priority-order nice takes and shows priorities the other way round", async () => {
  const nice = ["--priority-order", "nice"];
  const { id } = await enqueue("--priority=-20", ...nice);
  expect(await executeJson(["show", String(id)], env)).toMatchObject({ priority: 20 });
  expect(await executeJson(["show", String(id), ...nice], env)).toMatchObject({ priority: -20 });
  const byEnvironment = { ...env, FISCAUT_TASKS_PRIORITY_ORDER: "nice" };
  const [newest] = await executeJson<unknown[]>(["list", "--limit", "1"], byEnvironment);
  expect(newest).toMatchObject({ id, priority: -20 });
});
