/** A batch that is stored while its tasks are read: whole and in order, or not at all. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { listBatches } from "../../../src/store/batch.ts";
import { enqueueChunks } from "../../../src/store/enqueue/enqueue-batch.ts";
import { TaskStream } from "../../../src/store/enqueue/task-stream.ts";
import { listTasks } from "../../../src/store/find.ts";
import { checkNewTask, type StorableTask, toStorable } from "../../../src/task/doors/new-task.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const batch = { title: "streamed", skipped: {}, enqueuedBy: null };

/** Chunks of two tasks; `log` tells what is read, and that reading has ended. */
async function* read(count: number, log: string[], fault?: Error): AsyncGenerator<StorableTask[]> {
  try {
    for (let n = 0; n < count; n += 2) {
      log.push(`read ${n}`);
      yield [n, n + 1].map((payload) => toStorable(checkNewTask({ name: `n${payload}`, payload })));
    }
    if (fault !== undefined) throw fault;
  } finally {
    log.push("end");
  }
}

describe("a stream of tasks", () => {
  test("knows the first one's name with no more than its chunk read, and stores all in order", async () => {
    const log: string[] = [];
    await using stream = await TaskStream.open(read(6, log));
    expect([stream.firstName, log]).toEqual(["n0", ["read 0"]]);
    const { id, total } = await enqueueChunks(database.store, batch, stream.chunks());
    expect(total).toBe(6);
    const stored = await listTasks(database.store, { batchId: id }, 10);
    const names = stored.toSorted((a, b) => a.id - b.id).map(({ name }) => name);
    expect(names).toEqual(["n0", "n1", "n2", "n3", "n4", "n5"]);
    expect(log).toEqual(["read 0", "read 2", "read 4", "end"]);
  });

  test("leaves nothing behind where one of the last is refused", async () => {
    const before = await listBatches(database.store, {}, 10);
    await using stream = await TaskStream.open(read(4, [], new Error("line 5 is not JSON")));
    await expect(enqueueChunks(database.store, batch, stream.chunks())).rejects.toThrow("line 5 is not JSON");
    await using fine = await TaskStream.open(read(2, []));
    await enqueueChunks(database.store, { ...batch, title: "after it" }, fine.chunks());
    const added = (await listBatches(database.store, {}, 10)).slice(0, -before.length);
    expect(added.map(({ title, total }) => [title, total])).toEqual([["after it", 2]]);
  });

  test("is read no further where its batch is there already", async () => {
    const log: string[] = [];
    {
      await using first = await TaskStream.open(read(2, []));
      await enqueueChunks(database.store, { ...batch, key: "once" }, first.chunks());
      await using again = await TaskStream.open(read(6, log));
      expect(await enqueueChunks(database.store, { ...batch, key: "once" }, again.chunks())).toMatchObject({
        created: false,
        total: 2,
      });
    }
    expect(log).toEqual(["read 0", "end"]);
  });

  test("of no tasks is an empty batch", async () => {
    await using stream = await TaskStream.open(read(0, []));
    expect(stream.firstName).toBeUndefined();
    expect(await enqueueChunks(database.store, batch, stream.chunks())).toMatchObject({ total: 0 });
  });
});
