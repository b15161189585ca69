/** Commands that act on stored tasks: their words, exit codes and output. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { createDatabase, type TestDatabase } from "../postgres.ts";
import { endLeftovers, execute, executeJson } from "./executable.ts";

let database: TestDatabase;
let env: Record<string, string>;
beforeAll(async () => {
  database = await createDatabase();
  env = { DATABASE_URL: database.url };
});
afterEach(endLeftovers);
afterAll(() => database.drop());

describe("prune", () => {
  test("tells what is old enough, and drops it when it is not only asked", async () => {
    const { id } = await executeJson<{ id: number }>(["enqueue", "office.old", "--delay", "1h"], env);
    await executeJson(["cancel", String(id)], env);
    await database.store.sql`
      update fiscaut_tasks.task_history set finished_at = now() - interval '50 days' where id = ${id}`;
    await executeJson(["migrate"], env);
    const dropped = [{ name: expect.stringMatching(/^task_history_cancelled_\d{8}$/), state: "cancelled" }];
    expect(await executeJson<object>(["prune", "--dry-run"], env)).toMatchObject({ dryRun: true, dropped });
    expect((await execute(["prune", "--dry-run"], env)).stdout).toMatch(
      /^STATE .*\ncancelled .*\nwould drop about \d+ tasks, 0\.\d MB\n$/,
    );
    const kept = await execute(["prune", "--retention-cancelled", "forever"], env);
    expect(kept.stdout).toBe("nothing is old enough\n");
    expect((await execute(["show", String(id)], env)).exitCode).toBe(0);
    expect(await executeJson<object>(["prune"], env)).toMatchObject({ dryRun: false, dropped });
    expect((await execute(["show", String(id)], env)).exitCode).toBe(1);
  });

  test("refuses a retention that is none", async () => {
    const { exitCode, stderr } = await execute(["prune", "--retention-failed", "never"], env);
    expect(stderr).toContain("--retention-failed");
    expect(exitCode).toBe(2);
  });
});

describe("change, and control by a filter", () => {
  test("tell how many first, then do it", async () => {
    const ids: string[] = [];
    for (let i = 0; i < 3; i++)
      ids.push(
        String((await executeJson<{ id: number }>(["enqueue", "office.bulk", "--delay", "1h"], env)).id),
      );
    const [first = "", second = ""] = ids;
    expect(
      await executeJson(["change", first, "--priority", "7", "--payload", `{"a":1}`, "--now"], env),
    ).toMatchObject({ priority: 7, state: "pending" });
    expect(await executeJson(["show", first], env)).toMatchObject({ payload: { a: 1 } });
    expect((await execute(["cancel", "--name", "office.bulk", "--dry-run"], env)).stdout).toBe(
      "3 tasks would be cancelled: 3 pending\n",
    );
    expect((await execute(["cancel", "--name", "office.bulk"], env)).stdout).toBe(
      "3 tasks cancelled: 3 pending\n",
    );
    expect((await execute(["retry", first, second], env)).stdout).toBe(
      `task ${first} is pending\ntask ${second} is pending\n`,
    );
    expect(await executeJson(["delete", "--name", "office.bulk"], env)).toEqual({
      dryRun: false,
      total: 3,
      states: { pending: 2, cancelled: 1 },
    });
    expect((await execute(["delete", first], env)).exitCode).toBe(1);
  });
});
