/** What the database's own time zone data say. Reads only. */
import type { Store } from "../connection.ts";

/** How far the zone is ahead of UTC at `at`, minutes; undefined when the server does not know the zone. */
export async function readZoneOffset({ sql }: Store, zone: string, at: Date): Promise<number | undefined> {
  const [row] = await sql<{ minutes: number | null }[]>`
    select (extract(epoch from (${at.toISOString()}::timestamptz at time zone z.name)
                             - (${at.toISOString()}::timestamptz at time zone 'UTC')) / 60)::float8 as minutes
    from pg_timezone_names z where z.name = ${zone}`;
  return row?.minutes ?? undefined;
}
