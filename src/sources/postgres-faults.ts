/**
 * What a person is told of a Postgres source that can't be read, and how its URL is shown. No word of it is taken
 * from the URL but host, port and database. Reading is left to `postgres.ts`.
 */
import { OperatorError } from "../task/errors.ts";
import { codeOf, messageOf } from "../task/thrown.ts";

/**
 * `host:port/database`, for people.
 * @throws OperatorError of kind usage where it can't be read as a URL; the URL isn't repeated.
 */
export function readPostgresUrl(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null || !canBeDecoded(parsed.username) || !canBeDecoded(parsed.password))
    throw new OperatorError("usage", "the source can't be read as a postgres:// URL", {
      hint: "percent-encode what is special in its user and password: # as %23, % as %25, @ as %40",
    });
  return `${parsed.hostname || "localhost"}:${parsed.port || 5432}${parsed.pathname}`;
}

function canBeDecoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** 34000 too: the connection was lost, and the driver went on with another, which does not have the cursor. */
const unreachable =
  /^(08...|57P0[1-5]|53300|34000|25P0[123]|ECONN\w+|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|CONNECT\w+)$/;

export function isUnreachable(error: unknown): boolean {
  return unreachable.test(codeOf(error) ?? "");
}

const noSuchTable = "42P01";

export function isMissingTable(error: unknown): boolean {
  return codeOf(error) === noSuchTable;
}

/** By SQLSTATE: what is wrong, and what to do. */
const refusals: Record<string, [fault: string, hint: string]> = {
  "28P01": ["the password is wrong", "correct user and password in the source"],
  "28000": ["the user may not log in", "correct the user in the source, or let it in in pg_hba.conf"],
  "3D000": ["the database does not exist", "correct the database's name in the source"],
  "42501": ["the user may not read", "grant usage on schema bethadba, and select on its tables, to the user"],
  [noSuchTable]: [
    "a table is not there",
    "copy it from Domínio, or give the database that holds its tables, in schema bethadba",
  ],
  "42703": ["a column is not there", "the tables need the columns of Domínio, by their names"],
  "57014": ["it took too long", "try again when the server is less busy, or put an index on codi_emp"],
};

/**
 * Any error of reading the source at `place` as an OperatorError: of kind "unavailable" where a retry may help.
 * @param table the one that was read, if one was.
 */
export function explainPostgresFault(error: unknown, place: string, table?: string): unknown {
  if (error instanceof OperatorError) return error;
  const code = codeOf(error) ?? "";
  if (isUnreachable(error))
    return new OperatorError("unavailable", `the source at ${place} can't be reached (${code})`, {
      hint: "start that Postgres, or correct host and port in the source",
      cause: error,
    });
  const message = messageOf(error);
  const [fault, hint] = refusals[code] ?? [];
  const where = table === undefined ? `the source at ${place}` : `${table} of the source at ${place}`;
  return new OperatorError("failed", `${where}: ${fault ? `${fault} (${message})` : message}`, {
    ...(hint === undefined ? {} : { hint }),
    cause: error,
  });
}
