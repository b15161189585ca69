/** The workers that are registered, on all machines. Reads only. */
import type { Store } from "../connection.ts";
import { leaseIsPast } from "../fragments.ts";

export interface RegisteredWorker {
  id: number;
  host: string;
  pid: number;
  version: string;
  /** ISO 8601. */
  startedAt: string;
  /** Since its last heartbeat. */
  heartbeatAgeMs: number;
  /** Its lease holds. */
  live: boolean;
}

export async function readWorkers({ sql }: Store): Promise<RegisteredWorker[]> {
  return await sql<RegisteredWorker[]>`
    select id, host, pid, version, to_char(started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "startedAt",
           (extract(epoch from now() - heartbeat_at) * 1000)::float8 as "heartbeatAgeMs",
           not ${leaseIsPast(sql)} as live
    from fiscaut_tasks.worker order by id desc limit 100`;
}
