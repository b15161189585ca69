/**
 * Opens the database that the configuration names: the one at DATABASE_URL, or the embedded Postgres. Which
 * schema it must have depends on the command.
 */
import type { Config } from "../config/settings/settings.ts";
import { describeDatabase, explainStoreError, openStore, type Store } from "../store/connection.ts";
import { openEmbeddedPostgres } from "../store/embedded/embedded-postgres.ts";
import { migrate, readMigrationStatus } from "../store/migration/migrate.ts";
import { OperatorError } from "../task/errors.ts";
import { CommandHooks } from "./command-hooks.ts";
import type { Prepared } from "./prepare.ts";

export interface Database {
  readonly store: Store;
  /** A secret: it holds the password. */
  readonly url: string;
  /** For a person: `embedded in DIR` or `host:port/name`. */
  readonly description: string;
  /**
   * The embedded one: brings a server that has died back. "moved": only on another port, where `store` can't follow.
   * @throws OperatorError "unavailable" when it can't now; trying again later may help.
   */
  readonly keepRunning?: () => Promise<"kept" | "moved">;
  /** In the operator's words. */
  explain(error: unknown): unknown;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  config: Pick<Config, "databaseUrl" | "dataDir">;
  /** Which command, for pg_stat_activity. */
  purpose: string;
  maxConnections: number;
  onStep: (step: string) => void;
}

export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { config, purpose, maxConnections, onStep } = options;
  const applicationName = `fiscaut-tasks ${purpose}`;
  if (config.databaseUrl !== undefined) {
    const url = config.databaseUrl;
    const store = openStore({ url, applicationName, maxConnections });
    return {
      store,
      url,
      description: describeDatabase(url),
      explain: (error) => explainStoreError(error, url),
      close: () => store.close(),
    };
  }
  const embedded = await openEmbeddedPostgres({ dataDir: config.dataDir, onStep });
  const url = embedded.url;
  const store = openStore({ url, applicationName, maxConnections });
  return {
    store,
    url,
    description: `embedded in ${config.dataDir}`,
    keepRunning: async () => ((await embedded.ensureRunning()) === url ? "kept" : "moved"),
    explain: (error) => explainStoreError(error, url),
    async close() {
      await store.close();
      await embedded.close();
    },
  };
}

/**
 * Opens, prepares the schema, runs `body` and closes, also when it throws; the driver's errors come out in the
 * operator's words.
 */
export async function withDatabase<Result>(
  options: DatabaseOptions & { schema: WantedSchema },
  body: (database: Database) => Promise<Result>,
): Promise<Result> {
  const database = await openDatabase(options);
  try {
    await prepareDatabase(database, options);
    return await body(database);
  } catch (error) {
    throw database.explain(error);
  } finally {
    await database.close();
  }
}

/**
 * "migrate" applies what is pending. "require" does so for the embedded database only: another one may be shared, and is
 * migrated when its operator says so. "as-is" looks at nothing.
 */
export type WantedSchema = "migrate" | "require" | "as-is";

/**
 * The first contact with the database that was opened, and its schema.
 * @throws the driver's error when it can't be reached; it may be called again then.
 */
export async function prepareDatabase(
  { store }: Pick<Database, "store">,
  { schema, config, onStep }: Pick<DatabaseOptions, "config" | "onStep"> & { schema: WantedSchema },
): Promise<void> {
  const isEmbedded = config.databaseUrl === undefined;
  if (!isEmbedded) await store.connect();
  if (schema === "as-is") return;
  if (schema === "migrate" || isEmbedded) {
    for (const migration of await migrate(store)) onStep(`applied migration ${migration.name}`);
    return;
  }
  const { pending } = await readMigrationStatus(store);
  if (pending.length > 0)
    throw new OperatorError("config", `the database lacks ${pending.length} migration(s)`, {
      hint: "fiscaut-tasks migrate",
    });
}

/** As `withDatabase`, for a command that acts on tasks; the operator's hooks hear of what it does. */
export async function withStore<Result>(
  { config, logger, onStep }: Pick<Prepared, "config" | "logger" | "onStep">,
  purpose: string,
  body: (store: Store) => Promise<Result>,
): Promise<Result> {
  const hooks = new CommandHooks(config, logger);
  try {
    const options = { config, purpose, maxConnections: 2, onStep, schema: "require" } as const;
    return await withDatabase(options, async ({ store }) => {
      store.onEvent = (event) => hooks.take(event);
      return await body(store);
    });
  } finally {
    await hooks.close();
  }
}
