/** What the user of the connection may do with the schema. Reads only. */
import type { Store } from "../connection.ts";
import { schemaName } from "../schema/names.ts";

export interface Privileges {
  user: string;
  schemaExists: boolean;
  /** The right to make the schema, or to change the one that is there. */
  mayCreate: boolean;
  /** Tables of the schema that belong to somebody else; of their owner's rights this user has none. */
  foreignTables: string[];
  /** Who owns those, when it is one. */
  owner: string | null;
}

export async function readPrivileges({ sql }: Store): Promise<Privileges> {
  const [row] = await sql<Privileges[]>`
    select current_user as user, s.oid is not null as "schemaExists",
           case when s.oid is null then has_database_privilege(current_database(), 'create')
                else has_schema_privilege(s.oid, 'create') and has_schema_privilege(s.oid, 'usage') end as "mayCreate",
           coalesce(f.tables, '{}') as "foreignTables", f.owner
    from (select) as always
    left join pg_namespace s on s.nspname = ${schemaName}
    left join lateral (
      select array_agg(c.relname::text order by c.relname) as tables, min(pg_get_userbyid(c.relowner)) as owner
      from pg_class c
      where c.relnamespace = s.oid and c.relkind in ('r', 'p') and not pg_has_role(c.relowner, 'usage')) f on true`;
  if (row === undefined) throw new Error("the server told nothing of its privileges");
  return row;
}
