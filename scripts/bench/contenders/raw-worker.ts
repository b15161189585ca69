/** The worker of `raw.ts`: at most 500 at a time, one statement in flight, woken by notifications. */
import postgres from "postgres";
import { ran } from "../measure/tally.mjs";

const most = 500;
const pollMs = 1_000;
const worker = process.pid;
const keepsHistory = process.argv[2] !== "raw-no-history";
const sql = postgres(process.env["DATABASE_URL"] ?? "", { max: 1, onnotice: () => {} });

const complete = keepsHistory
  ? `gone as (delete from task where id = any($1::bigint[]) and worker = $2
       returning id, run_at, attempt, priority, payload),
     kept as (insert into task_history (id, run_at, finished_at, attempt, priority, payload)
       select id, run_at, now(), attempt, priority, payload from gone)`
  : "gone as (delete from task where id = any($1::bigint[]) and worker = $2)";

const statement = `
  with ${complete}
  update task set lease = now() + interval '30 seconds', worker = $2, attempt = attempt + 1
  where ctid = any(array(
    select ctid from task
    where waiting and run_at <= now() and (lease is null or lease < now())
    order by priority desc, run_at, id limit ${most} for update skip locked))
  returning id, payload`;

let wake = () => {};
const listener = postgres(process.env["DATABASE_URL"] ?? "", { max: 1, onnotice: () => {} });
await listener.listen("raw", () => wake());

let done: number[] = [];
for (;;) {
  // Before the claim, so that what comes during it is not slept through.
  const woken = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const claimed = await sql.unsafe<{ id: string; payload: { i: number } }[]>(statement, [done, worker], {
    prepare: true,
  });
  for (const { payload } of claimed) ran(payload.i);
  done = claimed.map(({ id }) => Number(id));
  if (done.length === 0) await Promise.race([woken, Bun.sleep(pollMs)]);
}
