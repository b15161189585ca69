/** What Postgres itself allows: one loop that claims and completes in one statement, without any of a queue's duties. */
import { join } from "node:path";
import postgres from "postgres";
import { ROOT } from "../../build/paths.ts";
import { type Contender, payloadSql, postgresBed } from "./contender.ts";

const schema = `
  create table task (
    id bigint primary key generated always as identity,
    run_at timestamptz not null default now(),
    lease timestamptz,
    worker int,
    attempt int not null default 0,
    priority int not null default 0,
    waiting boolean not null default true,
    payload jsonb not null
  ) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
  create index on task (priority desc, run_at, id) where waiting;
  create table task_history (
    id bigint primary key, run_at timestamptz, finished_at timestamptz, attempt int, priority int, payload jsonb
  )`;

const statements = {
  queued: `insert into task (payload) select ${payloadSql} from generate_series(0, $1::int - 1) as i`,
  future: `
    insert into task (waiting, run_at, payload)
    select false, now() + interval '1 day' + i * interval '1 ms', ${payloadSql} from generate_series(0, $1::int - 1) as i`,
  finished: `
    insert into task_history select -i - 1, now(), now(), 1, 0, ${payloadSql} from generate_series(0, $1::int - 1) as i`,
  unfinished: "select count(*) from task where id <= $1",
  tables: ["task", "task_history"],
};

const contender = (name: string, title: string): Contender => ({
  name,
  title,
  caller: "raw",
  async open(servers) {
    const database = await servers.postgres.createDatabase("raw", async (url) => {
      const sql = postgres(url, { max: 1 });
      await sql.unsafe(schema);
      await sql.end();
    });
    return postgresBed(database, statements);
  },
  workerCommand: () => [process.execPath, join(ROOT, "scripts/bench/contenders/raw-worker.ts"), name],
});

export const raw = contender("raw", "raw SQL, history kept");
export const rawWithoutHistory = contender("raw-no-history", "raw SQL, no history");
