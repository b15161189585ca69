// What another program enqueues by SQL, in a transaction of its own, reaches a worker that waits.
import { expect, test } from "bun:test";
import { createWorkerBed } from "./worker-bed.ts";

const bed = createWorkerBed();

test("a commit wakes a waiting worker at once, though it polls once a minute; before it, nothing starts", async () => {
  const worker = await bed.start({ a: async () => "done", b: async () => "done" });
  // So that the worker is seen to be done with its first round, and to wait.
  await worker.event("succeeded", await bed.enqueue({ name: "b" }));
  const id = await bed.store.sql.begin(async (sql) => {
    const [row] = await sql<{ id: number }[]>`select fiscaut_tasks.enqueue('a') as id`;
    await worker.event("succeeded", await bed.enqueue({ name: "b" }));
    return row?.id;
  });
  expect(worker.events.some((event) => event.kind === "started" && event.task.name === "a")).toBe(false);
  await worker.event("succeeded", id);
  expect((await bed.find(id ?? 0))?.result).toBe("done");
});

test("a delay that is shorter than the poll is kept to", async () => {
  const worker = await bed.start({ a: async () => "done" });
  const [row] = await bed.store.sql<{ id: number }[]>`
    select fiscaut_tasks.enqueue('a', delay => '200 ms') as id`;
  await worker.event("succeeded", row?.id);
});
