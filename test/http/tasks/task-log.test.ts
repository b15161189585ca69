/** The route that shows a task's log lines, over a real database. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { completeTasks } from "../../../src/store/attempt/complete.ts";
import { writeReports } from "../../../src/store/attempt/reports.ts";
import { settle } from "../../../src/task/settle.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";
import { buildApp } from "../app-under-test.ts";
import { type Body, createSteps, type Steps } from "./task-steps.ts";

let database: TestDatabase;
let app: ReturnType<typeof buildApp>;
let steps: Steps;
beforeAll(async () => {
  database = await createDatabase();
  app = buildApp(database.store);
  steps = await createSteps(database.store);
});
afterAll(() => database.drop());

const get = async (path: string): Promise<Body> => (await app.request(path)).json();
const at = "2026-11-24T12:00:00.000Z";
const line = (n: number) => ({ n, at, attempt: 1, message: `line ${n}`, fields: { n } });

test("a caller goes on from where it was, over dropped lines, until the task is finished", async () => {
  const id = await steps.enqueue({ name: "logs" });
  expect(await get(`/tasks/${id}/log`)).toEqual({
    id,
    state: "pending",
    lines: [],
    next: `/tasks/${id}/log?after=0`,
  });
  const task = await steps.claim("logs");
  const tell = (from: number, to: number) =>
    writeReports(database.store, [
      {
        ...{ id, attempt: 1, workerId: steps.workerId, claimedAt: task.claimedAt, progress: null },
        lines: Array.from({ length: to - from + 1 }, (_, i) => line(from + i)),
      },
    ]);
  await tell(1, 2);
  const first = await get(`/tasks/${id}/log`);
  expect(first).toEqual({
    id,
    state: "running",
    lines: [line(1), line(2)],
    next: `/tasks/${id}/log?after=2`,
  });
  expect(await get(first.next)).toEqual({ ...first, lines: [] });
  await tell(3, 200);
  await tell(201, 300);
  const second = await get(first.next);
  expect([second.lines.length, second.lines[0].n, second.next]).toEqual([
    200,
    101,
    `/tasks/${id}/log?after=300`,
  ]);
  const { message, ...last } = line(301);
  const report = { lines: [{ ...last, message }], progress: null };
  const transition = settle(task, { kind: "succeeded", result: null });
  await completeTasks(database.store, steps.workerId, [{ id, attempt: 1, transition, report }]);
  expect(await get(second.next)).toEqual({ id, state: "succeeded", lines: [line(301)], next: null });
});

test.each([
  ["/tasks/999999/log", 404, "there is no task 999999"],
  ["/tasks/x/log", 400, "expected an id"],
  ["/tasks/1/log?after=-1", 400, "after: expected a line's number"],
  ["/tasks/1/log?since=1", 400, "since"],
])("%s is answered %p", async (path, status, words) => {
  const response = await app.request(path);
  expect(response.status).toBe(status);
  expect(((await response.json()) as Body).detail).toContain(words);
});
