/** What another program enqueues by SQL, in a transaction of its own, reaches a worker that waits. */
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

test("what waits for another is released when that ends, also where it has ended before the commit", async () => {
  const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
  const worker = await bed.start({ a: async () => "done", first: () => held });
  const first = await bed.enqueue({ name: "first" });
  await worker.event("started", first);
  const enqueue = async (sql: typeof bed.store.sql) =>
    (
      await sql<{ id: number }[]>`select fiscaut_tasks.enqueue('a', after => array[${first}::bigint]) as id`
    )[0]?.id;
  const waiting = await enqueue(bed.store.sql);
  const uncommitted = await bed.store.sql.begin(async (sql) => {
    const id = await enqueue(sql as unknown as typeof bed.store.sql);
    letGo();
    await worker.event("succeeded", waiting);
    return id;
  });
  await worker.event("succeeded", uncommitted);
});
