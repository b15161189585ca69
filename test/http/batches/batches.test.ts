/** The routes of batches, over a real database: what is shown of one, and what is done to all of its tasks. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { listTasks } from "../../../src/store/find.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";
import { buildApp, postJson } from "../app-under-test.ts";
import { type Body, createSteps, type Steps } from "../tasks/task-steps.ts";

let database: TestDatabase;
let steps: Steps;
let app: ReturnType<typeof buildApp>;
beforeAll(async () => {
  database = await createDatabase();
  steps = await createSteps(database.store);
  app = buildApp(database.store);
});
afterEach(async () => {
  await database.store.sql`truncate fiscaut_tasks.task, fiscaut_tasks.task_history, fiscaut_tasks.batch`;
});
afterAll(() => database.drop());

const some = (count: number) => Array.from({ length: count }, (_, n) => ({ name: "a", payload: n }));
async function ask(
  path: string,
  init?: RequestInit,
): Promise<{ status: number; body: Body; location: string | null }> {
  const response = await app.request(path, init);
  return { status: response.status, body: await response.json(), location: response.headers.get("location") };
}
const stored = async () => (await listTasks(database.store, {}, 500)).length;

describe("a batch", () => {
  async function make() {
    const { body } = await ask("/batches", postJson({ title: "T", tasks: some(3) }));
    await steps.runOnce("a", { kind: "failed", error: { message: "422 bad record", stack: null } });
    return body.id as number;
  }

  test("is shown, with its errors", async () => {
    const id = await make();
    const [failed] = await listTasks(database.store, { state: "failed" }, 1);
    expect((await ask(`/batches/${id}`)).body).toMatchObject({
      id,
      title: "T",
      states: { pending: 2, failed: 1 },
      progress: expect.closeTo(1 / 3),
      completedAt: null,
      errors: [{ taskId: failed?.id, title: null, state: "failed", attempt: 1, message: "422 bad record" }],
    });
  });

  test("is listed, page by page", async () => {
    const ids = [await make(), await make(), await make()];
    const first = (await ask("/batches?limit=2")).body;
    expect(first.batches.map(({ id }: Body) => id)).toEqual([ids[2], ids[1]]);
    expect((await ask(first.next)).body).toMatchObject({ batches: [{ id: ids[0] }], next: null });
    expect((await ask("/batches?limit=101")).status).toBe(400);
    expect((await ask("/batches?state=failed")).status).toBe(400);
  });

  test("is cancelled, retried and deleted", async () => {
    const id = await make();
    expect((await ask(`/batches/${id}/retry`, { method: "POST" })).body).toEqual({
      id,
      total: 1,
      states: { failed: 1 },
      complete: true,
    });
    expect((await ask(`/batches/${id}/cancel`, { method: "POST" })).body).toMatchObject({
      states: { pending: 3 },
    });
    expect((await ask(`/batches/${id}`, { method: "DELETE" })).body).toMatchObject({
      states: { cancelled: 3 },
    });
    expect((await ask(`/batches/${id}`)).status).toBe(404);
    expect(await stored()).toBe(0);
  });

  test("is not deleted while a task of it runs", async () => {
    const id = await make();
    await steps.claim("a");
    expect(await ask(`/batches/${id}`, { method: "DELETE" })).toMatchObject({
      status: 409,
      body: { detail: `a task of batch ${id} is running` },
    });
  });

  test("that there is not is 404", async () => {
    const asked: [string, string][] = [
      ["GET", ""],
      ["DELETE", ""],
      ["POST", "/cancel"],
      ["POST", "/retry"],
    ];
    for (const [method, verb] of asked)
      expect(await ask(`/batches/999999${verb}`, { method })).toMatchObject({
        status: 404,
        body: { detail: "there is no batch 999999" },
      });
  });
});
