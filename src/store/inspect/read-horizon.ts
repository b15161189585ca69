/** Who holds back vacuum: claims walk over every dead row that it may not remove. Reads only. */
import type { Store } from "../connection.ts";

export interface Holder {
  kind: "transaction" | "prepared transaction" | "replication slot";
  /** The process id, or the name that ends it. */
  name: string;
  /** Whose: user and application, where they can be seen. */
  whose: string;
  /** How long, ms; null where the server does not know. */
  heldMs: number | null;
}

/**
 * The oldest of each kind, longest first. Those of other databases do not hold back ours, replication does. Other users'
 * transactions are hidden from a user without pg_read_all_stats.
 */
export async function readHorizonHolders({ sql }: Store): Promise<Holder[]> {
  return await sql<Holder[]>`
    (select 'transaction' as kind, pid::text as name,
            concat_ws(', ', usename, nullif(application_name, ''), state) as whose,
            (extract(epoch from clock_timestamp() - xact_start) * 1000)::float8 as "heldMs"
     from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null
       and (backend_xmin is not null or backend_xid is not null) and backend_type <> 'autovacuum worker'
     order by xact_start limit 1)
    union all
    (select 'prepared transaction', gid, owner::text,
            (extract(epoch from clock_timestamp() - prepared) * 1000)::float8
     from pg_prepared_xacts where database = current_database() order by prepared limit 1)
    union all
    (select 'replication slot', slot_name::text, case when active then 'in use' else 'not in use' end, null
     from pg_replication_slots where xmin is not null or (catalog_xmin is not null and not active)
     order by greatest(age(xmin), age(catalog_xmin)) desc limit 1)
    order by "heldMs" desc nulls last`;
}

/** Whether the connection's user is shown the transactions of others. */
export async function seesOthers({ sql }: Store): Promise<boolean> {
  const [row] = await sql<{ sees: boolean }[]>`select pg_has_role('pg_read_all_stats', 'usage') as sees`;
  return row?.sees ?? false;
}
