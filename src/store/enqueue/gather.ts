/**
 * Enqueues the tasks of many callers by one statement: while one is under way the next gather, so a busy process pays one
 * commit for many tasks and an idle one never waits. Tasks with a key or `after` never come here, since they may wait for
 * other transactions: each would hold up the rest.
 */
import postgres from "postgres";
import type { StorableTask } from "../../task/doors/new-task.ts";
import { driverCodeOf, isUnavailable, type Store } from "../connection.ts";
import { type InsertedRow, insertTasks } from "./insert-tasks.ts";

interface Caller {
  task: StorableTask;
  resolve: (row: InsertedRow) => void;
  reject: (error: unknown) => void;
}

/** Of a statement; the first of these that is reached bounds it. */
const mostTasks = 500;
const mostBytes = 4 * 1024 * 1024;

/** Of each store those with callers, by name. */
const busyLanes = new WeakMap<Store, Map<string, Lane>>();

/**
 * Resolves when the task is committed.
 * @throws the driver's error, if it is this task that the database refuses, or all.
 */
export function insertTogether(store: Store, task: StorableTask): Promise<InsertedRow> {
  const lanes = busyLanes.get(store) ?? new Map<string, Lane>();
  busyLanes.set(store, lanes);
  // The first task of a queue waits for whoever is adding that queue, and one with a serial key for the others' commits:
  // neither is to hold up more than its like.
  const name = `${task.queue} ${task.serialKey === undefined ? "" : "serial"}`;
  const lane = lanes.get(name) ?? new Lane(store, () => lanes.delete(name));
  lanes.set(name, lane);
  return lane.insert(task);
}

class Lane {
  readonly #store: Store;
  readonly #onIdle: () => void;
  readonly #callers: Caller[] = [];
  #busy = false;

  constructor(store: Store, onIdle: () => void) {
    this.#store = store;
    this.#onIdle = onIdle;
  }

  insert(task: StorableTask): Promise<InsertedRow> {
    const { promise, resolve, reject } = Promise.withResolvers<InsertedRow>();
    this.#callers.push({ task, resolve, reject });
    if (!this.#busy) void this.#run();
    return promise;
  }

  async #run(): Promise<void> {
    this.#busy = true;
    // A second statement at once was tried: both are smaller, and throughput no better.
    while (this.#callers.length > 0)
      await insertAll(this.#store, this.#callers.splice(0, roundOf(this.#callers)));
    this.#busy = false;
    this.#onIdle();
  }
}

/** How many of them go together, one at least. */
function roundOf(callers: readonly Caller[]): number {
  let bytes = 0;
  const beyond = callers.slice(0, mostTasks).findIndex(({ task }, index) => {
    bytes += task.payloadJson.length;
    return index > 0 && bytes > mostBytes;
  });
  return beyond === -1 ? mostTasks : beyond;
}

/** Of a statement that the database refuses, the task that it means is found by halves, and the others are stored. */
async function insertAll(store: Store, callers: Caller[]): Promise<void> {
  try {
    const rows = await insertTasks(
      store.sql,
      callers.map(({ task }) => task),
      null,
    );
    for (const [index, { resolve, reject }] of callers.entries()) {
      const row = rows[index];
      if (row === undefined) reject(new Error("the insert returned no row"));
      else resolve(row);
    }
  } catch (error) {
    if (callers.length === 1 || !meansOne(error)) {
      for (const { reject } of callers) reject(error);
      return;
    }
    const half = Math.ceil(callers.length / 2);
    await insertAll(store, callers.slice(0, half));
    await insertAll(store, callers.slice(half));
  }
}

/** query_canceled: by the time-out of a statement. */
const cancelledCode = "57014";

/** Only what the server itself has refused is known not to be stored; what would befall all is not tried again. */
const meansOne = (error: unknown) =>
  error instanceof postgres.PostgresError && !isUnavailable(error) && driverCodeOf(error) !== cancelledCode;
