/** The executable, at its defaults, with an operator's handler file. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DIST, ROOT } from "../../build/paths.ts";
import { hostTarget } from "../../build/targets.ts";
import { runChild } from "../bed/children.ts";
import { type Contender, payloadSql, postgresBed, type Servers } from "./contender.ts";

export const executable = join(DIST, hostTarget().executable);
const migrateWithinMs = 60_000;

const insertTask = (values: string) => `
  insert into fiscaut_tasks.task (queue, name, priority, max_attempts, run_at, due, payload)
  select 'default', 'noop', 0, 25, ${values}, ${payloadSql} from generate_series(0, $1::int - 1) as i`;

const statements = {
  queued: insertTask("now(), true"),
  future: insertTask("now() + interval '1 day' + i * interval '1 ms', false"),
  finished: `
    insert into fiscaut_tasks.task_history
      (id, queue, name, priority, max_attempts, attempt, run_at, started_at, finished_at, state, payload)
    select -i - 1, 'default', 'noop', 0, 25, 1, now() - interval '1 hour', now() - interval '1 hour',
      now() - i * interval '1 ms', 'succeeded', ${payloadSql}
    from generate_series(0, $1::int - 1) as i`,
  unfinished: "select count(*) from fiscaut_tasks.task where id <= $1 and due",
  tables: ["fiscaut_tasks.task", "fiscaut_tasks.task_history", "fiscaut_tasks.queue"],
};

/** A handler as the README has it; it tallies and does nothing else. */
const handlerText = `import { defineHandler } from "fiscaut-tasks";
import { ran } from ${JSON.stringify(join(ROOT, "scripts/bench/measure/tally.mjs"))};

export default defineHandler({
  run(payload) {
    ran(payload.i);
  },
});
`;

/** @param history what the queue keeps of tasks that have succeeded. */
function contender(
  name: string,
  title: string,
  caller: string,
  history: "all" | "failures" = "all",
): Contender {
  let handlers = "";
  return {
    name,
    title,
    caller,
    async open(servers: Servers) {
      handlers = join(servers.folder, "handlers");
      await mkdir(handlers, { recursive: true });
      await writeFile(join(handlers, "noop.js"), handlerText);
      const database = await servers.postgres.createDatabase("ours", async (url) => {
        await runChild([executable, "migrate"], { DATABASE_URL: url, HOME: servers.folder }, migrateWithinMs);
        const run = [executable, "run", "--drain", "--port", "0"];
        // The first worker makes the partitions of the history.
        await runChild(run, { DATABASE_URL: url, HOME: servers.folder }, migrateWithinMs);
      });
      await database.sql`
        insert into fiscaut_tasks.queue (name, history) values ('default', ${history})
        on conflict (name) do update set history = excluded.history`;
      return postgresBed(database, statements, { HOME: servers.folder });
    },
    workerCommand({ port, elsewhere }) {
      const words = [executable, "run", "--port", String(port), "--handlers", handlers];
      return elsewhere === true ? [...words, "--queue", "elsewhere"] : words;
    },
  };
}

export const ours = contender("ours", "fiscaut-tasks", "ours-sql");
/** The same worker; the queue keeps failures only. */
export const oursWithoutHistory = contender(
  "ours-no-history",
  "fiscaut-tasks, history of failures only",
  "ours-sql",
  "failures",
);
/** The same worker; tasks come over HTTP instead of SQL. */
export const oursByHttp = contender("ours-http", "fiscaut-tasks, by HTTP", "ours-http");
