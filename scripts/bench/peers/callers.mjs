/**
 * How a program enqueues with each contender, from Node. A caller has `one(payload)`, which resolves with the id once the
 * task is acknowledged, `many(payloads)`, and `isDone(id)`: whether it is durably finished, over a connection of its own.
 */
import { Agent, request } from "node:http";
import pg from "pg";
import * as tunings from "./tunings.mjs";

const connectionString = process.env.DATABASE_URL;

/** @param connections how many calls may be under way at once. */
export async function openCaller(name, connections) {
  return await open[name](connections, name);
}

const open = {
  graphile: openGraphile,
  "pg-boss": openPgBoss,
  "pg-boss-best": openPgBoss,
  bullmq: openBullmq,
  "ours-sql": openOursBySql,
  "ours-http": openOursByHttp,
  raw: openRaw,
};

async function openGraphile(connections) {
  const { Logger, makeWorkerUtils } = await import("graphile-worker");
  const watch = await watchRows("graphile_worker._private_jobs");
  const logger = new Logger(() => () => {});
  const preset = { worker: { connectionString, maxPoolSize: Math.max(connections, 2), logger } };
  const utils = await makeWorkerUtils({ preset });
  return {
    one: async (payload) => (await utils.addJob("noop", payload)).id,
    many: (payloads) => utils.addJobs(payloads.map((payload) => ({ identifier: "noop", payload }))),
    ...watch,
    close: () => Promise.all([watch.close(), utils.release()]),
  };
}

async function openPgBoss(connections, name) {
  const { PgBoss } = await import("pg-boss");
  const watch = await watchRows("pgboss.job", "and name = 'noop' and state <> 'completed'");
  const { instance } = tunings.pgBoss[name];
  const quiet = { supervise: false, schedule: false };
  const boss = new PgBoss({ connectionString, max: connections, ...instance, ...quiet });
  boss.on("error", (error) => process.stderr.write(`${error.stack}\n`));
  await boss.start();
  return {
    one: (payload) => boss.send("noop", payload),
    many: (payloads) =>
      boss.insert(
        "noop",
        payloads.map((data) => ({ data })),
      ),
    ...watch,
    close: () => Promise.all([watch.close(), boss.stop({ graceful: false })]),
  };
}

async function openBullmq() {
  const { Queue } = await import("bullmq");
  const { Redis } = await import("ioredis");
  const connection = new Redis(process.env.REDIS_URL, { maxRetriesPerRequest: null });
  const watching = new Redis(process.env.REDIS_URL);
  const queue = new Queue("noop", { connection });
  return {
    one: async (payload) => (await queue.add("noop", payload)).id,
    many: (payloads) => queue.addBulk(payloads.map((data) => ({ name: "noop", data }))),
    isDone: async (id) => (await watching.zscore("bull:noop:completed", id)) !== null,
    async close() {
      await queue.close();
      connection.disconnect();
      watching.disconnect();
    },
  };
}

async function openOursBySql(connections) {
  const watch = await watchRows("fiscaut_tasks.task");
  const pool = await openPool(connections);
  const one = { name: "one", text: "select fiscaut_tasks.enqueue('noop', $1) as id" };
  const many = "select count(*) from fiscaut_tasks.enqueue_many('noop', $1::jsonb)";
  return {
    one: async (payload) => (await pool.query({ ...one, values: [JSON.stringify(payload)] })).rows[0].id,
    many: (payloads) => pool.query(many, [JSON.stringify(payloads)]),
    ...watch,
    close: () => Promise.all([watch.close(), pool.end()]),
  };
}

async function openOursByHttp(connections) {
  const watch = await watchRows("fiscaut_tasks.task");
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const post = (path, type, body) => postTo(agent, path, type, body);
  return {
    one: async (payload) => {
      const body = JSON.stringify({ name: "noop", payload });
      return JSON.parse(await post("/tasks", "application/json", body)).id;
    },
    many: (payloads) => {
      const lines = payloads.map((payload) => JSON.stringify({ name: "noop", payload }));
      return post("/batches?title=bench", "application/x-ndjson", lines.join("\n"));
    },
    ...watch,
    close: async () => {
      agent.destroy();
      await watch.close();
    },
  };
}

async function openRaw(connections) {
  const watch = await watchRows("task");
  const pool = await openPool(connections);
  const one = {
    name: "one",
    text: "with t as (insert into task (payload) values ($1) returning id) select id, pg_notify('raw', '') from t",
  };
  const many = "insert into task (payload) select * from unnest($1::text[]::jsonb[])";
  return {
    one: async (payload) => (await pool.query({ ...one, values: [JSON.stringify(payload)] })).rows[0].id,
    many: (payloads) => pool.query(many, [payloads.map((payload) => JSON.stringify(payload))]),
    ...watch,
    close: () => Promise.all([watch.close(), pool.end()]),
  };
}

/** With its connections made. */
async function openPool(connections) {
  const pool = new pg.Pool({ connectionString, max: connections });
  const clients = await Promise.all(Array.from({ length: connections }, () => pool.connect()));
  for (const client of clients) client.release();
  return pool;
}

/** A task is done when the table has its row no more, or none that is as `unfinished` says. */
async function watchRows(table, unfinished = "") {
  const client = new pg.Client({ connectionString });
  await client.connect();
  const look = { name: "look", text: `select 1 from ${table} where id = $1 ${unfinished}` };
  return {
    isDone: async (id) => (await client.query({ ...look, values: [id] })).rowCount === 0,
    close: () => client.end(),
  };
}

function postTo(agent, path, type, body) {
  const { promise, resolve, reject } = Promise.withResolvers();
  const headers = { "content-type": type, "content-length": Buffer.byteLength(body) };
  const asked = request(
    new URL(path, process.env.BENCH_HTTP),
    { agent, method: "POST", headers },
    (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (part) => {
        text += part;
      });
      answer.on("end", () => {
        if (answer.statusCode === 201) resolve(text);
        else reject(new Error(`${path}: ${answer.statusCode} ${text}`));
      });
    },
  );
  asked.on("error", reject);
  asked.end(body);
  return promise;
}
