/** What kind of server the database is on, and what its clock says. Reads only. */
import type { Store } from "../connection.ts";

export interface ServerFacts {
  /** As the server writes it: "16.4 (Debian 16.4-1)". */
  version: string;
  major: number;
  /** A standby, or a server or user that is set read-only: no task can be stored. */
  readOnly: boolean;
  standby: boolean;
  /** How far its clock is ahead of ours, ms; negative when behind. Known to half of `roundTripMs`. */
  clockAheadMs: number;
  roundTripMs: number;
}

/** The first question asked over a new connection takes longer, and its clock would be known less well. */
export async function readServer({ sql }: Store): Promise<ServerFacts> {
  await sql`select 1`;
  const askedAtMs = Date.now();
  const startedMs = performance.now();
  const [row] = await sql<
    { version: string; major: number; standby: boolean; readOnly: boolean; nowMs: number }[]
  >`
    select current_setting('server_version') as version,
           current_setting('server_version_num')::int / 10000 as major,
           pg_is_in_recovery() as standby,
           current_setting('transaction_read_only') = 'on' as "readOnly",
           (extract(epoch from clock_timestamp()) * 1000)::float8 as "nowMs"`;
  if (row === undefined) throw new Error("the server told nothing of itself");
  const { nowMs, ...facts } = row;
  const roundTripMs = performance.now() - startedMs;
  return { ...facts, clockAheadMs: nowMs - (askedAtMs + roundTripMs / 2), roundTripMs };
}
