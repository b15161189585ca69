/** The few numbers that `/health` shows. Bounded: they cost the same with ten tasks and with ten million. */
import type { Hold } from "../task/doors/queue.ts";
import { instant, type Store } from "./connection.ts";
import { leaseIsPast } from "./fragments.ts";

/** Counting stops here. */
export const countLimit = 100_000;

export interface Figures {
  /** Live tasks, at most `countLimit`. */
  depth: number;
  /** Live workers, all machines. */
  workers: number;
  /**
   * How long the oldest due task has waited, ms; null when none waits. Looked for among the thousand lowest
   * ids, where it is unless older ones than that are all later due.
   */
  oldestDueMs: number | null;
  /** By queue. */
  holds: ReadonlyMap<string, Hold>;
  /** Nothing can be written: a standby. */
  readOnly: boolean;
}

/** @throws the driver's error when the database can't be reached. */
export async function readFigures(store: Store): Promise<Figures> {
  const [row] = await store.sql<(Omit<Figures, "holds"> & { holds: HoldRow[] })[]>`
    select
      (select count(*) from (select 1 from fiscaut_tasks.task limit ${countLimit}) as t) as depth,
      (select count(*) from fiscaut_tasks.worker where not ${leaseIsPast(store.sql)}) as workers,
      (select (extract(epoch from now() - min(run_at)) * 1000)::float8 from (
         select run_at from fiscaut_tasks.task where due and worker_id is null order by id limit 1000) as t) as "oldestDueMs",
      (select coalesce(jsonb_agg(to_jsonb(h)), '[]') from fiscaut_tasks.queue_hold h) as holds,
      current_setting('transaction_read_only')::boolean as "readOnly"`;
  if (row === undefined) throw new Error("the figures' query returned no row");
  return { ...row, holds: new Map(row.holds.map((hold) => [hold.queue, toHold(hold)])) };
}

interface HoldRow {
  queue: string;
  reason: string;
  since: string;
  until: string | null;
}

const toHold = ({ reason, since, until }: HoldRow): Hold => ({
  reason,
  since: instant(since),
  until: instant(until),
});
