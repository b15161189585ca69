/**
 * The database as the checks of it look at it: the one at DATABASE_URL, or the embedded Postgres where it runs already.
 * Starting one is not a doctor's work.
 */
import type { Config } from "../../../config/settings/settings.ts";
import { describeDatabase, explainStoreError, openStore, type Store } from "../../../store/connection.ts";
import { findRunningPostgres } from "../../../store/embedded/find-running.ts";
import { readServer, type ServerFacts } from "../../../store/inspect/read-server.ts";
import { OperatorError } from "../../../task/errors.ts";
import { within } from "../../within.ts";
import { type Check, type Finding, failedBy, skip } from "../check.ts";

export interface OpenedDatabase {
  config: Config;
  store: Store;
  /** A secret. */
  url: string;
  description: string;
  server: ServerFacts;
}

/** The finding says why there is none. */
export type Opening = { kind: "open"; database: OpenedDatabase } | { kind: "closed"; finding: Finding };

const connections = 4;

/** Within the limit it answers or is closed, for the checks that follow. Never rejects. */
export async function openForDoctor(config: Config, limitMs: number): Promise<Opening & { url?: string }> {
  try {
    const url = config.databaseUrl ?? (await findRunningPostgres(config.dataDir));
    if (url === undefined)
      return {
        kind: "closed",
        finding: skip(
          `the embedded Postgres in ${config.dataDir} does not run, and doctor does not start it`,
          "start the worker, then look again",
        ),
      };
    return { ...(await open(config, url, limitMs)), url };
  } catch (error) {
    return { kind: "closed", finding: failedBy(error) };
  }
}

async function open(config: Config, url: string, limitMs: number): Promise<Opening> {
  const description =
    config.databaseUrl === undefined ? `embedded in ${config.dataDir}` : `at ${describeDatabase(url)}`;
  const store = openStore({ url, applicationName: "fiscaut-tasks doctor", maxConnections: connections });
  try {
    const server = await within(
      limitMs,
      () => store.connect().then(() => readServer(store)),
      () => {
        throw noAnswer(description, limitMs);
      },
    );
    return { kind: "open", database: { config, store, url, description, server } };
  } catch (error) {
    return { kind: "closed", finding: failedBy(explainStoreError(error, url)) };
  }
}

const noAnswer = (description: string, limitMs: number) =>
  new OperatorError("unavailable", `the database ${description} did not answer within ${limitMs / 1000} s`, {
    hint: "see whether it runs, and whether a firewall lets this machine through",
  });

/** The driver's errors in the operator's words. */
export const databaseCheck = (
  name: string,
  look: (database: OpenedDatabase) => Promise<Finding> | Finding,
): Check<OpenedDatabase> => ({
  name,
  async look(database) {
    try {
      return await look(database);
    } catch (error) {
      throw explainStoreError(error, database.url);
    }
  },
});
