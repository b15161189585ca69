/** What the store does when its connections are lost, silent, or lead to a server that writes nothing. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { driverCodeOf, explainStoreError, openStore, type Store } from "../../src/store/connection.ts";
import { deregisterWorker, registerWorker } from "../../src/store/worker.ts";
import { createDatabase, type TestDatabase } from "../postgres.ts";
import { startTcpProxy, type TcpProxy } from "../tcp-proxy.ts";

let database: TestDatabase;
let proxy: TcpProxy;
let store: Store;
beforeAll(async () => {
  database = await createDatabase();
  proxy = await startTcpProxy(Number(new URL(database.url).port));
  store = openStore({ url: proxy.through(database.url), applicationName: "troubled", maxConnections: 3 });
});
afterAll(async () => {
  await store.close();
  await proxy.close();
  await database.drop();
});

const endConnections = () => database.store.sql`
  select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'troubled'`;
const codeOfFailure = (work: PromiseLike<unknown>) =>
  Promise.resolve(work).then(
    () => "none",
    (error) => driverCodeOf(error),
  );
const identity = { host: "here", pid: 1, version: "test", leaseMs: 25_000 };

test("a server that has gone silent is given up, and the next question goes over a new connection", async () => {
  await store.urgent`select 1`;
  proxy.fallSilent();
  expect(await codeOfFailure(store.urgent`select 1`)).toBe("ANSWER_TIMEOUT");
  const [row] = await store.urgent`select 1 as one`;
  expect(row?.["one"]).toBe(1);
});

test("a connection asks for no compiled plans, whatever its server does by itself", async () => {
  const [row] = await store.sql`select setting, source from pg_settings where name = 'jit'`;
  expect(row).toEqual({ setting: "off", source: "client" });
});

test("a new connection is asked for nothing before its first question", async () => {
  await store.patiently(async (sql) => {
    const prepared = await sql<{ statement: string }[]>`select statement from pg_prepared_statements`;
    expect(prepared.map(({ statement }) => statement)).toEqual([
      "select statement from pg_prepared_statements",
    ]);
  });
});

test("arrays are told and read in their elements", async () => {
  const texts = ['a,"b"', "", "\\"];
  const [row] = await store.sql`
    select ${[1, 2]}::bigint[] as bigints, ${[3]}::int[] as ints, ${[0.5]}::float8[] as floats,
      ${texts}::text[] as texts, array['{"n": 1}']::jsonb[] as objects, array['(0,1)']::tid[] as places`;
  expect(row).toEqual({
    bigints: [1, 2],
    ints: [3],
    floats: [0.5],
    texts,
    objects: [{ n: 1 }],
    places: ["(0,1)"],
  });
});

test("the first contact is made once, also by two that want it at one moment, and anew where it has failed", async () => {
  const nowhere = openStore({
    url: Object.assign(new URL(database.url), { port: "1" }).href,
    applicationName: "nowhere",
    maxConnections: 1,
  });
  const first = nowhere.connect();
  expect(nowhere.connect()).toBe(first);
  expect(await codeOfFailure(first)).toBe("ECONNREFUSED");
  expect(nowhere.connect()).not.toBe(first);
  expect(await codeOfFailure(nowhere.connect())).toBe("ECONNREFUSED");
  await nowhere.close();

  const met = store.connect();
  await met;
  expect(store.connect()).toBe(met);
});

test("a statement may take longer than the server may be silent, where it is asked patiently", async () => {
  const [row] = await store.patiently((sql) => sql`select 1 as one from pg_sleep(0.01)`);
  expect(row?.["one"]).toBe(1);
});

test("a transaction whose connection is lost is over: what it goes on with is stored nowhere", async () => {
  await store.sql`create table if not exists kept (n int)`;
  const lost = Promise.withResolvers<void>();
  const last = Promise.withResolvers<unknown>();
  const transaction = store.sql.begin(async (sql) => {
    await sql`insert into kept values (1)`;
    await endConnections();
    await lost.promise;
    // Without the guard it would run on the connection that came after, in no transaction.
    const insert = sql`insert into kept values (2)`.then(() => "stored", driverCodeOf);
    last.resolve(insert);
    await insert;
  });
  expect(await codeOfFailure(transaction)).toMatch(/CONNECTION_CLOSED|57P01/);
  for (let n = 0; n < 3; n++) await store.sql`select 1`.catch(() => {});
  lost.resolve();
  expect(await last.promise).toBe("CONNECTION_CLOSED");
  expect(await database.store.sql`select n from kept`).toEqual([] as never);
});

test("connections that are ended again and again break neither process nor pool", async () => {
  let done = 0;
  let isOver = false;
  const ask = async (inTransaction: boolean) => {
    while (!isOver) {
      const work = inTransaction
        ? store.sql.begin(async (sql) => {
            await sql`select 1`;
            await sql`select pg_sleep(0.002)`;
          })
        : store.sql`select 1 from pg_sleep(0.001)`;
      await Promise.resolve(work).then(
        () => done++,
        () => Bun.sleep(1),
      );
    }
  };
  const asking = [true, false, true, false, true, false].map(ask);
  for (let n = 0; n < 25; n++) {
    await endConnections();
    await Bun.sleep(20);
  }
  const before = done;
  while (done < before + 20) await Bun.sleep(5);
  isOver = true;
  await Promise.all(asking);
});

test("a proxy that takes a connection and ends it at once is told, not asked without a pause", async () => {
  proxy.refuse();
  await codeOfFailure(store.sql`select 1`);
  const before = proxy.count;
  expect(await codeOfFailure(store.sql`select 1`)).toMatch(/^(CONNECTION_CLOSED|ECONNRESET)$/);
  expect(proxy.count - before).toBeLessThan(5);
  proxy.accept();
  await codeOfFailure(store.sql`select 1`);
  await store.sql`select 1`;
});

test("a server that writes nothing is told as such, and left once there is another", async () => {
  const name = new URL(database.url).pathname.slice(1);
  const setReadOnly = (value: string) =>
    database.store.sql.unsafe(`alter database ${name} set default_transaction_read_only = ${value}`);
  await setReadOnly("on");
  await endConnections();
  await store.urgent`select 1`.catch(() => {});
  const error = await registerWorker(store, identity).catch((fault: unknown) => fault);
  expect((explainStoreError(error, database.url) as Error).message).toMatch(
    /^the database at 127\.0\.0\.1:\d+\/test_\d+ is read-only, as a standby is \(25006\)$/,
  );
  await setReadOnly("off");
  // Of connections that were made before, each goes on writing nothing.
  const id = await registerWorker(store, identity).catch(() => registerWorker(store, identity));
  await deregisterWorker(store, id);
});

test("a listener tells that it is lost", async () => {
  const heard = Promise.withResolvers<string>();
  const listener = await store.listen("trouble", heard.resolve);
  await listener.check();
  await database.store.sql`select pg_notify('trouble', 'here')`;
  expect(await heard.promise).toBe("here");
  proxy.cut();
  await listener.lost;
  await listener.close();
});
