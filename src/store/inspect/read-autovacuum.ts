/** Whether dead rows are removed, by the settings and by what is there. Reads only. */
import type { Store } from "../connection.ts";

export interface Autovacuum {
  /** Of the server, with the counts that it needs. */
  on: boolean;
  /** Of the hot table; false only where somebody has switched it off there. */
  onTable: boolean;
  /** How often it looks, ms. */
  naptimeMs: number;
  /** Of the hot table, as the server's statistics have them. Null where there is no table yet. */
  deadRows: number | null;
  /** ISO 8601; null: never since the statistics were reset. */
  lastAt: string | null;
}

export async function readAutovacuum({ sql }: Store): Promise<Autovacuum> {
  const [row] = await sql<Autovacuum[]>`
    select current_setting('autovacuum')::bool and current_setting('track_counts')::bool as on,
           not coalesce('autovacuum_enabled=false' = any(c.reloptions) or 'autovacuum_enabled=off' = any(c.reloptions), false)
             as "onTable",
           (select setting::float8 * 1000 from pg_settings where name = 'autovacuum_naptime') as "naptimeMs",
           s.n_dead_tup::float8 as "deadRows",
           to_char(greatest(s.last_autovacuum, s.last_vacuum) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "lastAt"
    from (select to_regclass('fiscaut_tasks.task') as oid) t
    left join pg_class c on c.oid = t.oid
    left join pg_stat_user_tables s on s.relid = t.oid`;
  if (row === undefined) throw new Error("the server told nothing of its autovacuum");
  return row;
}
