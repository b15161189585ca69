/** Changes a pending task: its order, its time, its payload. Whether the payload suits the handler is the door's check. */
import type { TaskChange } from "../../task/doors/change.ts";
import type { ControlResult } from "../../task/doors/control-result.ts";
import { payloadKeyPrefix } from "../../task/doors/key.ts";
import type { Store } from "../connection.ts";
import { explainUnchanged, untilSettled } from "./control-result.ts";

/**
 * What `change` does not name stays. Atomic against a claim: a task that is claimed first runs unchanged, and the
 * result says that it is running.
 */
export function changeTask(store: Store, id: number, change: TaskChange): Promise<ControlResult> {
  return untilSettled(["pending"], () => tryChange(store, id, change));
}

async function tryChange(store: Store, id: number, change: TaskChange): Promise<ControlResult> {
  const { sql } = store;
  const payload = change.payload === undefined ? null : JSON.stringify(change.payload);
  const runAt = sql`coalesce(
    ${change.runAt?.toISOString() ?? null}::timestamptz,
    now() + ${change.delayMs ?? null}::float8 * interval '1 ms', run_at)`;
  const changed = await sql<{ due: boolean }[]>`
    update fiscaut_tasks.task
    set priority = coalesce(${change.priority ?? null}::int, priority),
        run_at = ${runAt}, due = ${runAt} <= now() and not waiting,
        planned_at = case when planned_at is null or ${change.runAt === undefined && change.delayMs === undefined}::boolean
          then planned_at else ${runAt} end,
        payload = coalesce(${payload}::text::jsonb, payload),
        -- A key that was made of the payload says nothing of another one.
        key = case when ${payload}::text is not null and key like ${`${payloadKeyPrefix}%`} then null else key end
    where id = ${id} and worker_id is null
    returning due`;
  if (changed[0] === undefined) return await explainUnchanged(store, id);
  store.announcer.announce({ kind: changed[0].due ? "due" : "future" });
  return { kind: "done", state: "pending" };
}
