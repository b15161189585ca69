/**
 * Brings the schema up to this executable's, or says why it can't. The list itself is `migrations.ts`.
 */
import { OperatorError } from "../../task/errors.ts";
import type { Store } from "../connection.ts";
import { migrationTable, schemaName } from "../schema/names.ts";
import type { Sql } from "../sql.ts";
import { endsOlderMark, type Migration, migrations } from "./migrations.ts";

/** Any number serves, so long as nothing else in the database locks it. */
const lockKey = 0x66_69_73_63; // "fisc"
export const oldestServer = 15;

export interface MigrationStatus {
  applied: { name: string; appliedAt: string }[];
  pending: readonly Migration[];
}

/**
 * Reads only.
 * @throws OperatorError "config" when the database is newer than this executable can do with, or its server too old.
 */
export async function readMigrationStatus(store: Pick<Store, "sql">): Promise<MigrationStatus> {
  const { sql } = store;
  const [server] = await sql<{ version: number; known: boolean }[]>`
    select current_setting('server_version_num')::int / 10000 as version,
           to_regclass(${`${schemaName}.${migrationTable}`}) is not null as known`;
  if (server === undefined || server.version < oldestServer)
    throw new OperatorError("config", `Postgres ${server?.version} is too old`, {
      hint: `use Postgres ${oldestServer} or newer`,
    });
  if (!server.known) return { applied: [], pending: migrations };

  const rows = await sql<{ name: string; sha256: string; ends_older: boolean; applied_at: string }[]>`
    select name, sha256, coalesce((to_jsonb(m) ->> 'ends_older')::boolean, false) as ends_older, to_char(applied_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as applied_at
    from ${sql(schemaName)}.${sql(migrationTable)} m order by name`;
  for (const row of rows) {
    const ours = migrations.find((migration) => migration.name === row.name);
    if (ours === undefined && row.ends_older)
      throw new OperatorError(
        "config",
        `the database's schema (${row.name}) is newer than this executable (${migrations.at(-1)?.name})`,
        { hint: "install the fiscaut-tasks that migrated it, or a newer one" },
      );
    if (ours !== undefined && digest(ours) !== row.sha256)
      throw new OperatorError(
        "config",
        `migration ${row.name} in the database is not the one in this executable`,
        {
          hint: "use the executable that migrated this database, or another database",
        },
      );
  }
  return {
    applied: rows.map((row) => ({ name: row.name, appliedAt: row.applied_at })),
    pending: migrations.filter(({ name }) => !rows.some((row) => row.name === name)),
  };
}

/**
 * Applies what is pending, in one transaction, under an advisory lock: of several at once, one applies and the
 * others find nothing left to do.
 * @returns what it applied.
 */
export async function migrate(store: Store): Promise<readonly Migration[]> {
  const before = await readMigrationStatus(store);
  if (before.pending.length === 0) return [];
  return await store.patiently((patient) =>
    patient.begin((transaction) => applyPending(transaction as unknown as Sql)),
  );
}

async function applyPending(sql: Sql) {
  // Begun with the lock, so that the status read after it sees what the holder before us has committed.
  await sql`select pg_advisory_xact_lock(${lockKey})`;
  await sql`create schema if not exists ${sql(schemaName)}`;
  await sql`
      create table if not exists ${sql(schemaName)}.${sql(migrationTable)} (
        name text collate "C" primary key, sha256 text not null, applied_at timestamptz not null default now())`;
  await sql`
      alter table ${sql(schemaName)}.${sql(migrationTable)}
      add column if not exists ends_older boolean not null default false`;
  const { pending } = await readMigrationStatus({ sql });
  for (const migration of pending) {
    await sql.unsafe(migration.sql);
    await sql`
      insert into ${sql(schemaName)}.${sql(migrationTable)} (name, sha256, ends_older)
      values (${migration.name}, ${digest(migration)}, ${migration.sql.startsWith(endsOlderMark)})`;
  }
  return pending;
}

function digest(migration: Migration): string {
  // A checkout with CRLF line ends is the same migration.
  return new Bun.CryptoHasher("sha256").update(migration.sql.replaceAll("\r\n", "\n")).digest("hex");
}
