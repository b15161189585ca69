/**
 * Holding a queue while what its tasks need is away, and letting it go again. What a hold means to a claim stands in
 * `claim.ts` and `claim-limited.ts`; asking whether what was away is back is left to whoever can.
 */
import type { Store } from "./connection.ts";
import type { Sql } from "./sql.ts";

/** From the hold to the first probe; each further one waits twice as long, up to `longestProbeMs`. */
const firstProbeMs = 5_000;
const longestProbeMs = 60_000;

export interface NewHold {
  /** For the operator: what is away, and what to do about it. */
  reason: string;
  /** It ends by itself after so long. null: when a probe has found that what was away is back. */
  forMs: number | null;
}

/**
 * Nothing more is claimed from the queue, except what a claim under way has already taken; running tasks go on. Of holds
 * that meet, the one that a probe has to end outlives the other; the longer of two that end by themselves stands.
 * "queue-held" is told of a hold that is new or has another reason.
 */
export async function holdQueue(store: Store, queue: string, { reason, forMs }: NewHold): Promise<void> {
  const told = await store.sql.begin(async (transaction) => {
    const sql = transaction as unknown as Sql;
    // The lock of the queue's row, before the hold's: everywhere in this order.
    await sql`
      insert into fiscaut_tasks.queue (name, held) values (${queue}, true)
      on conflict (name) do update set held = true`;
    const [before] = await readReason(sql, queue);
    await sql`
      insert into fiscaut_tasks.queue_hold as h (queue, reason, until, next_probe_at)
      values (${queue}, ${reason}, now() + ${forMs}::float8 * interval '1 ms',
              case when ${forMs}::float8 is null then now() + ${firstProbeMs} * interval '1 ms' end)
      on conflict (queue) do update set
        reason = case when h.until is null and excluded.until is not null then h.reason else excluded.reason end,
        until = case when h.until is null or excluded.until is null then null else greatest(h.until, excluded.until) end,
        next_probe_at = coalesce(h.next_probe_at, excluded.next_probe_at)`;
    const [after] = await readReason(sql, queue);
    return before?.reason !== after?.reason;
  });
  if (!told) return;
  store.announcer.announce({ kind: "queues" });
  store.onEvent({ kind: "queue-held", queue, reason, forMs });
}

const readReason = (sql: Sql, queue: string) =>
  sql<{ reason: string }[]>`select reason from fiscaut_tasks.queue_hold where queue = ${queue}`;

/**
 * Ends a hold that a probe has to end; one that ends by itself stays.
 * @returns false: there was none.
 */
export function releaseQueue(store: Store, queue: string): Promise<boolean> {
  return release(store, queue, "probed");
}

/**
 * Ends the holds whose time has come, by the database's clock; safe in every worker at once.
 * @returns how long until the next one's, if there is one.
 */
export async function endHolds(store: Store): Promise<{ nextInMs: number | undefined }> {
  const rows = await store.sql<{ queue: string; in_ms: number }[]>`
    select queue, (extract(epoch from until - now()) * 1000)::float8 as in_ms
    from fiscaut_tasks.queue_hold where until is not null order by until`;
  for (const { queue, in_ms } of rows) if (in_ms <= 0) await release(store, queue, "over");
  return { nextInMs: rows.find(({ in_ms }) => in_ms > 0)?.in_ms };
}

async function release(store: Store, queue: string, why: "probed" | "over"): Promise<boolean> {
  const ended = await store.sql.begin(async (transaction) => {
    const sql = transaction as unknown as Sql;
    await sql`select 1 from fiscaut_tasks.queue where name = ${queue} for update`;
    const [hold] = await sql<{ held_ms: number }[]>`
      delete from fiscaut_tasks.queue_hold
      where queue = ${queue} and case when ${why === "probed"} then until is null else until <= clock_timestamp() end
      returning (extract(epoch from clock_timestamp() - since) * 1000)::float8 as held_ms`;
    if (hold !== undefined) await sql`update fiscaut_tasks.queue set held = false where name = ${queue}`;
    return hold;
  });
  if (ended === undefined) return false;
  store.announcer.announce({ kind: "queues" });
  store.onEvent({ kind: "queue-released", queue, heldMs: ended.held_ms });
  return true;
}

export type ProbeClaim =
  /** The caller alone is to ask now, for `leaseMs`; `probes` have failed before. */
  | { claimed: true; probes: number }
  /** undefined: there is no hold that a probe could end. */
  | { claimed: false; nextInMs: number | undefined };

/**
 * Of all workers one asks at a time: whoever claims the probe. It ends with `releaseQueue` or `putProbeOff`, or without
 * either, as of a worker that dies, after `leaseMs`.
 * @param atOnce though its time has not come, and though somebody else may be asking.
 */
export async function claimProbe(
  store: Store,
  queue: string,
  { leaseMs, atOnce }: { leaseMs: number; atOnce: boolean },
): Promise<ProbeClaim> {
  // One statement, which an idle worker asks in each poll interval: the hold is seen as it was before the claim.
  const [hold] = await store.sql<{ probes: number | null; in_ms: number }[]>`
    with claimed as (
      update fiscaut_tasks.queue_hold set next_probe_at = now() + ${leaseMs} * interval '1 ms'
      where queue = ${queue} and until is null and (next_probe_at <= now() or ${atOnce})
      returning probes
    )
    select (select probes from claimed) as probes,
      (extract(epoch from next_probe_at - now()) * 1000)::float8 as in_ms
    from fiscaut_tasks.queue_hold where queue = ${queue} and until is null`;
  if (hold !== undefined && hold.probes !== null) return { claimed: true, probes: hold.probes };
  return { claimed: false, nextInMs: hold && Math.max(0, hold.in_ms) };
}

/** The probe has failed, for `reason`: the next one comes later than this one did. A hold that has ended stays so. */
export async function putProbeOff(
  store: Store,
  queue: string,
  { reason, probes }: { reason: string; probes: number },
): Promise<void> {
  const delayMs = Math.min(firstProbeMs * 2 ** (probes + 1), longestProbeMs);
  const [hold] = await store.sql<{ before: string }[]>`
    update fiscaut_tasks.queue_hold h
    set reason = ${reason}, probes = ${probes + 1}, next_probe_at = now() + ${delayMs} * interval '1 ms'
    from (select queue, reason as before from fiscaut_tasks.queue_hold where queue = ${queue}) as b
    where h.queue = b.queue and h.until is null
    returning b.before`;
  if (hold !== undefined && hold.before !== reason)
    store.onEvent({ kind: "queue-held", queue, reason, forMs: null });
}
