/**
 * The database of the tests: a real Postgres, the one that the product carries, started once a run, with the first
 * file that imports this. Its life is in `postgres-server.ts`, so that no end of the tests leaves it behind.
 */
import { join } from "node:path";
import { openStore, type Store } from "../src/store/connection.ts";
import { makePartitions } from "../src/store/history/history-partitions.ts";
import { migrate } from "../src/store/migration/migrate.ts";

const template = "migrated";

export interface TestDatabase {
  /** For what connects by itself, such as the executable. */
  readonly url: string;
  readonly store: Store;
  /** Closes `store` and removes the database, whoever else is still connected. */
  drop(): Promise<void>;
}

// Held here as long as the tests run: it stops when its standard input is closed.
const serverProcess = Bun.spawn([process.execPath, join(import.meta.dir, "postgres-server.ts")], {
  stdin: "pipe",
  stdout: "pipe",
  stderr: "inherit",
});
// While the module loads, no test's or hook's time-out runs: a slow machine may take its time.
const { admin, urlOf } = await prepareServer(await readUrl());
let databases = 0;

/**
 * A database of the caller's own with the schema in it: a copy of one that was migrated once, some 50 ms.
 * Drop it when the file's tests have ended.
 */
export async function createDatabase(): Promise<TestDatabase> {
  const name = `test_${++databases}`;
  await admin.sql.unsafe(`create database ${name} template ${template}`);
  const store = open(urlOf(name));
  return {
    url: urlOf(name),
    store,
    async drop() {
      await store.close();
      await admin.sql.unsafe(`drop database if exists ${name} with (force)`);
    },
  };
}

/** Makes the template that databases are copied from. */
async function prepareServer(url: string) {
  const urlOf = (database: string) => Object.assign(new URL(url), { pathname: database }).href;
  const admin = open(url, 1);
  await admin.sql.unsafe(`create database ${template}`);
  const store = open(urlOf(template), 1);
  await migrate(store);
  await makePartitions(store);
  // A database with connections can't be copied.
  await store.close();
  return { admin, urlOf };
}

/** The first and only line that the server's process prints. */
async function readUrl(): Promise<string> {
  const decoder = new TextDecoder();
  let printed = "";
  for await (const chunk of serverProcess.stdout) {
    printed += decoder.decode(chunk, { stream: true });
    if (printed.endsWith("\n")) return printed.trim();
  }
  throw new Error(`the tests' Postgres did not start: exit ${await serverProcess.exited}`);
}

function open(url: string, maxConnections = 5): Store {
  return openStore({ url, applicationName: "fiscaut-tasks test", maxConnections });
}
