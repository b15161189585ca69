/** graphile-worker, at its defaults and as fast as it was found to be. It keeps no finished jobs. */

import { runChild } from "../bed/children.ts";
import { peerProgram } from "../bed/peers.ts";
import { type Contender, payloadSql, postgresBed } from "./contender.ts";

const insertJob = (runAt: string) => `
  insert into graphile_worker._private_jobs (task_id, run_at, payload)
  select t.id, ${runAt}, ${payloadSql}
  from graphile_worker._private_tasks t, generate_series(0, $1::int - 1) as i where t.identifier = 'noop'`;

const statements = {
  queued: insertJob("now()"),
  future: insertJob("now() + interval '1 day' + i * interval '1 ms'"),
  unfinished: "select count(*) from graphile_worker._private_jobs where id <= $1",
  tables: ["graphile_worker._private_jobs"],
};

const contender = (name: string, title: string): Contender => ({
  name,
  title,
  caller: "graphile",
  async open(servers) {
    const database = await servers.postgres.createDatabase("graphile", async (url) => {
      await runChild(peerProgram("prepare.mjs", "graphile"), { DATABASE_URL: url }, 60_000);
    });
    await database.sql`
      insert into graphile_worker._private_tasks (identifier) values ('noop') on conflict do nothing`;
    return postgresBed(database, statements);
  },
  workerCommand: ({ elsewhere }) =>
    peerProgram("worker.mjs", name, elsewhere === true ? "elsewhere" : "noop"),
});

export const graphileAtDefaults = contender("graphile", "graphile-worker, defaults");
export const graphileAtBest = contender("graphile-best", "graphile-worker, best tuning");
