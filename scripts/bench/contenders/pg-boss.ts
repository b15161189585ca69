/** pg-boss, at its defaults and as fast as it was found to be. It keeps finished jobs in the same table. */

import { runChild } from "../bed/children.ts";
import { peerProgram } from "../bed/peers.ts";
import { type Contender, payloadSql, postgresBed } from "./contender.ts";

const insertJob = (columns: string, values: string) => `
  insert into pgboss.job (name, policy, data, ${columns})
  select 'noop', 'standard', ${payloadSql}, ${values} from generate_series(0, $1::int - 1) as i`;

const statements = {
  queued: insertJob("start_after", "now()"),
  future: insertJob("start_after", "now() + interval '1 day' + i * interval '1 ms'"),
  finished: insertJob("state, started_on, completed_on", "'completed', now(), now()"),
  // Its ids are random; what is due is what was queued.
  unfinished: `
    select count(*) from pgboss.job
    where name = 'noop' and state in ('created', 'retry', 'active') and start_after < now() + least($1, 1) * interval '1 hour'`,
  tables: ["pgboss.job_common"],
};

const contender = (name: string, title: string): Contender => ({
  name,
  title,
  caller: name,
  async open(servers) {
    const database = await servers.postgres.createDatabase(name, async (url) => {
      await runChild(peerProgram("prepare.mjs", name), { DATABASE_URL: url }, 60_000);
    });
    return postgresBed(database, statements);
  },
  workerCommand: ({ elsewhere }) =>
    peerProgram("worker.mjs", name, elsewhere === true ? "elsewhere" : "noop"),
});

export const pgBossAtDefaults = contender("pg-boss", "pg-boss, defaults");
export const pgBossAtBest = contender("pg-boss-best", "pg-boss, best tuning");
