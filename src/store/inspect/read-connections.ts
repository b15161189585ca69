/** How many connections the server still has to give to this user. Reads only. */
import type { Store } from "../connection.ts";

export interface Connections {
  /** Of the server, of the database or of the user, whichever is the tightest. */
  limit: number;
  whose: "server" | "database" | "user";
  used: number;
  /** Ours among them: commands and workers of fiscaut-tasks, this one included. */
  ours: number;
}

/** Slots that the server keeps for superusers are not counted. Other users' connections are seen by number alone. */
export async function readConnections({ sql }: Store): Promise<Connections> {
  const rows = await sql<Connections[]>`
    with clients as (
      select datid, usesysid, application_name from pg_stat_activity where backend_type = 'client backend')
    select *, (select count(*) from clients where application_name like 'fiscaut-tasks%') as ours from (
      select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
               - coalesce(current_setting('reserved_connections', true)::int, 0) as limit,
             'server' as whose, (select count(*) from clients) as used
      union all
      select datconnlimit, 'database', (select count(*) from clients where datid = d.oid)
      from pg_database d where datname = current_database() and datconnlimit >= 0
      union all
      select rolconnlimit, 'user', (select count(*) from clients where usesysid = r.oid)
      from pg_roles r where rolname = current_user and rolconnlimit >= 0) as limits
    order by "limit" - used limit 1`;
  const [tightest] = rows;
  if (tightest === undefined) throw new Error("the server told nothing of its connections");
  return tightest;
}
