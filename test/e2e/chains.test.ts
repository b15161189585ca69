/** Tasks that wait for others, with the executable: from the command line, and when a worker is killed at the last end. */
import { describe, expect, test } from "bun:test";
import { enqueueBatch } from "../../src/store/enqueue/enqueue-batch.ts";
import { findTask, listTasks } from "../../src/store/find.ts";
import { checkNewTask } from "../../src/task/doors/new-task.ts";
import { until } from "../until.ts";
import { createBed } from "./bed.ts";
import { execute, executeJson, startRun } from "./executable.ts";
import { heldPayload, heldTask } from "./held-api.ts";

const bed = createBed();
const { env } = bed;
const name = heldTask;
const enqueue = async (document: string, ...flags: string[]) =>
  (
    await executeJson<{ id: number }>(
      ["enqueue", name, JSON.stringify(heldPayload(document)), ...flags],
      env(),
    )
  ).id;
const stateOf = async (id: number) => (await findTask(bed.store, id))?.state;

describe("enqueue --after", () => {
  test("runs accounts, then customers, then suppliers, and shows meanwhile what waits for what", async () => {
    const accounts = await enqueue("accounts");
    const customers = await enqueue("customers", "--after", String(accounts));
    const suppliers = await enqueue("suppliers", "--after", `${accounts},${customers}`);
    const shown = await execute(["show", String(suppliers)], env());
    expect(shown.stdout).toMatch(new RegExp(`after +task ${accounts}, task ${customers}\n`));
    expect(shown.stdout).toMatch(new RegExp(`waits for +task ${customers}, pending\n`));
    expect((await execute(["list", "--state", "pending"], env())).stdout).toContain("waits for others");

    bed.api.release();
    const worker = await startRun(["--drain"], env());
    expect(await worker.exited).toBe(0);
    expect(bed.api.arrived).toEqual(["accounts", "customers", "suppliers"]);
  }, 30_000);

  test("refuses what is not there, and a rule that there is not", async () => {
    for (const [flags, message] of [
      [["--after", "999999999"], "after: there is no task 999999999 to wait for"],
      [["--after-batch", "999999"], "after: there is no batch 999999 to wait for"],
      [["--after", "12,x"], '--after: "x" is not a whole number above 0'],
      [["--after", "1", "--on-failure", "stop"], '--on-failure: there is no rule "stop"'],
      [["--on-failure", "ignore"], "--on-failure needs --after or --after-batch"],
    ] as const) {
      const { exitCode, stderr } = await execute(["enqueue", "office.report", ...flags], env());
      expect([stderr.split("\n")[0], exitCode]).toEqual([`error: ${message}`, 2]);
    }
  }, 30_000);
});

describe("when the last two tasks of a batch end at one moment in two workers and one of them is killed", () => {
  /** Each says when the other's kill comes: from before its outcome is stored to after it has told so. */
  const moments: [string, (victim: Awaited<ReturnType<typeof startRun>>, id: number) => Promise<unknown>][] =
    [
      ["as its call is answered", async () => undefined],
      ["as its outcome is stored", (_, id) => until(async () => (await stateOf(id)) === "succeeded")],
      ["as it tells of its outcome", (victim) => victim.line("task succeeded")],
    ];

  test.each(moments)(
    "%s, the completion task runs exactly once",
    async (_, moment) => {
      const flags = ["--queue", "default", "--concurrency", "1", "--lease", "5s", "--poll-interval", "1s"];
      const [victim, survivor] = [await startRun(flags, env()), await startRun(flags, env())];
      const batch = await enqueueBatch(
        bed.store,
        {
          title: "two",
          skipped: {},
          enqueuedBy: null,
          // In a queue that neither serves: what is counted is releases, not the repeats that a kill may cause.
          whenComplete: checkNewTask({ name, payload: heldPayload("completion"), queue: "completions" }),
        },
        ["one", "other"].map((document) => checkNewTask({ name, payload: heldPayload(document) })),
      );
      await until(() => bed.api.arrived.length === 2);
      const { workerId } = await workerOf(victim);
      const tasks = await listTasks(bed.store, { batchId: batch.id }, 10);
      const held = tasks.find((task) => task.workerId === workerId);
      expect(tasks.map(({ state }) => state)).toEqual(["running", "running"]);

      bed.api.release();
      await moment(victim, held?.id ?? 0);
      victim.signal("SIGKILL");
      await victim.exited;
      const [completion] = await listTasks(bed.store, { name, queue: "completions" }, 10);
      await until(async () => (await findTask(bed.store, completion?.id ?? 0))?.waiting === false, 20_000);
      expect(await survivor.stop()).toBe(0);

      const last = await startRun(["--queue", "completions", "--drain"], env());
      expect(await last.exited).toBe(0);
      expect(bed.api.arrived.filter((document) => document === "completion")).toEqual(["completion"]);
      expect(await stateOf(completion?.id ?? 0)).toBe("succeeded");
      expect((await listTasks(bed.store, { batchId: batch.id, state: "succeeded" }, 10)).length).toBe(2);
      await bed.store.sql`truncate fiscaut_tasks.task_history`;
    },
    60_000,
  );
});

/** As its log tells. */
async function workerOf(run: Awaited<ReturnType<typeof startRun>>): Promise<{ workerId: number }> {
  return { workerId: Number((await run.line("worker started"))["worker"]) };
}
