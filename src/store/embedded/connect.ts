/**
 * The first connection to a server: it proves that the server is ours and works, and that the database is there.
 * The pools of the worker are made by the rest of `store/`.
 */
import postgres from "postgres";
import { OperatorError } from "../../task/errors.ts";
import { messageOf } from "../../task/thrown.ts";

/** The role that owns everything; the database is called the same. */
export const role = "fiscaut_tasks";

const connectLimitSeconds = 10;
const wrongPassword = "28P01";

/** The url of a database on the server at `port`: a secret. */
export const urlOf = (port: number, password: string, database = role) =>
  `postgres://${role}:${password}@127.0.0.1:${port}/${database}`;

/** The url of the database on the server at `port`, which has answered and has it. */
export async function ensureDatabase(port: number, password: string): Promise<string> {
  const sql = postgres(urlOf(port, password, "postgres"), {
    max: 1,
    connect_timeout: connectLimitSeconds,
    connection: { application_name: "fiscaut-tasks embedded" },
  });
  try {
    const found = await sql`select from pg_database where datname = ${role}`;
    if (found.length === 0) await sql`create database ${sql(role)}`;
    return urlOf(port, password);
  } catch (fault) {
    throw explain(fault);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

function explain(fault: unknown): OperatorError {
  if (fault instanceof postgres.PostgresError && fault.code === wrongPassword) {
    return new OperatorError("config", "the embedded Postgres refuses the password that is kept beside it", {
      hint: "restore the data folder from a backup, password file and all",
      cause: fault,
    });
  }
  const reason = messageOf(fault);
  return new OperatorError("unavailable", `the embedded Postgres does not answer: ${reason}`, {
    cause: fault,
  });
}
