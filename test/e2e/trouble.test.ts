/** The executable while its database is away, and what it says meanwhile. */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { freePort } from "../free-port.ts";
import { createDatabase, type TestDatabase } from "../postgres.ts";
import { startTcpProxy, type TcpProxy } from "../tcp-proxy.ts";
import { until } from "../until.ts";
import { endLeftovers, execute, executeJson, startRun } from "./executable.ts";

let database: TestDatabase;
let proxy: TcpProxy;
let env: { DATABASE_URL: string };
beforeAll(async () => {
  database = await createDatabase();
  proxy = await startTcpProxy(Number(new URL(database.url).port));
  env = { DATABASE_URL: proxy.through(database.url) };
});
afterEach(endLeftovers);
afterAll(async () => {
  await proxy.close();
  await database.drop();
});

test("run comes up without its database, says so, and goes on when it comes: migrations, tasks and all", async () => {
  await database.store.sql`drop schema fiscaut_tasks cascade`;
  proxy.refuse();
  const port = await freePort();
  const starting = startRun(["--port", String(port)], env);
  const ask = (path: string) => fetch(`http://127.0.0.1:${port}${path}`).catch(() => Response.error());
  await until(async () => (await ask("/livez")).ok, 20_000);
  const [health, ready, live] = await Promise.all([ask("/health"), ask("/readyz"), ask("/livez")]);
  expect([health.status, ready.status, live.status]).toEqual([503, 503, 200]);
  expect(((await health.json()) as { output: string }).output).toStartWith("the database can't be reached");
  const listing = await execute(["list"], env);
  expect([listing.exitCode, listing.stderr]).toEqual([69, expect.stringContaining("can't be reached")]);

  proxy.accept();
  const worker = await starting;
  expect((await ask("/health")).status).toBe(200);
  const waiting = worker.lines.filter(({ message }) => String(message).endsWith(": waiting for it"));
  expect(waiting).toEqual([expect.objectContaining({ level: "warn", http: worker.url })]);
  expect(worker.lines).toContainEqual(expect.objectContaining({ message: "the database can be reached" }));

  // And while it runs.
  proxy.refuse();
  await until(async () => (await ask("/readyz")).status === 503);
  proxy.accept();
  await until(async () => (await ask("/readyz")).status === 200, 20_000);
  expect(await worker.stop()).toBe(0);
  expect(await executeJson<unknown[]>(["list"], env)).toBeDefined();
}, 90_000);

test("a stop while it waits is a stop, and a password that is refused is no reason to wait", async () => {
  proxy.refuse();
  const stopped = await execute(["run", "--port", "0", "--duration", "1s"], env);
  expect([stopped.exitCode, stopped.stderr]).toEqual([0, expect.stringContaining("waiting for it")]);
  proxy.accept();
  const wrong = Object.assign(new URL(env.DATABASE_URL), { password: "canary-of-a-password" }).href;
  const refused = await execute(["run", "--port", "0"], { DATABASE_URL: wrong });
  expect([refused.exitCode, refused.stderr]).toEqual([78, expect.stringContaining("the password is wrong")]);
  expect(refused.stderr).not.toContain("canary");
}, 60_000);
