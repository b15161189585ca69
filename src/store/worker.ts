/**
 * A worker's row: registered at the start, renewed by the heartbeat, gone at the stop. What happens to the
 * tasks of one whose lease is past is `rescue.ts`'s work.
 */
import { isReadOnly, type Store } from "./connection.ts";
import { leaseIsPast } from "./fragments.ts";

export interface WorkerIdentity {
  host: string;
  pid: number;
  version: string;
  /** How long after a heartbeat the worker is still trusted. */
  leaseMs: number;
}

/**
 * @param over the connections that it asks by.
 * @returns the new worker's id, never used before.
 */
export async function registerWorker(
  store: Store,
  identity: WorkerIdentity,
  over = store.urgent,
): Promise<number> {
  const [row] = await reconnecting(
    store,
    over<{ id: number }[]>`
      insert into fiscaut_tasks.worker (host, pid, version, lease_ms)
      values (${identity.host}, ${identity.pid}, ${identity.version}, ${identity.leaseMs})
      returning id`,
  );
  if (row === undefined) throw new Error("the insert returned no row");
  return row.id;
}

export interface Renewal {
  /** false: the lease ran out and another worker has rescued this one's tasks. */
  alive: boolean;
  /** Some worker's lease is past, and its tasks are to be rescued. */
  anyDead: boolean;
  /** Of `running`, those that somebody wants aborted. */
  cancelRequested: number[];
}

/** Renews the lease; one write a worker, however many tasks it runs. */
export async function renewLease(store: Store, workerId: number, running: number[]): Promise<Renewal> {
  const { urgent: sql } = store;
  const [row] = await reconnecting(
    store,
    sql<{ alive: boolean; any_dead: boolean; cancel_requested: number[] }[]>`
      with renewed as (update fiscaut_tasks.worker set heartbeat_at = now() where id = ${workerId} returning 1)
      select exists (select 1 from renewed) as alive,
        exists (select 1 from fiscaut_tasks.worker
                where id <> ${workerId} and ${leaseIsPast(sql)}) as any_dead,
        array(select id from fiscaut_tasks.task
              where id = any(${running}::bigint[]) and cancel_requested and worker_id = ${workerId}) as cancel_requested`,
  );
  return {
    alive: row?.alive ?? false,
    anyDead: row?.any_dead ?? false,
    cancelRequested: (row?.cancel_requested ?? []).map(Number),
  };
}

/** Only once none of its tasks is left running: a task of a worker without a row would never be rescued. */
export async function deregisterWorker(store: Store, workerId: number): Promise<void> {
  await store.sql`delete from fiscaut_tasks.worker where id = ${workerId}`;
}

/** After a fail-over a connection may stay with the old primary, which answers and writes nothing, for ever. */
async function reconnecting<Rows>(store: Store, answer: PromiseLike<Rows>): Promise<Rows> {
  try {
    return await answer;
  } catch (error) {
    if (isReadOnly(error)) store.reconnect();
    throw error;
  }
}
