/** What a person is told of a fault of ODBC: what is wrong, and what to do. Finding it is left to `diagnostics.ts`. */
import { type FaultKind, OperatorError } from "../../task/errors.ts";
import { type Diagnostic, OdbcFault } from "./odbc-fault.ts";

interface Explanation {
  kind: FaultKind;
  what: string;
  hint: string;
}

const onWindows = process.platform === "win32";
const longestReason = 500;

/**
 * A fault of ODBC, whose message holds no secret any more, in the operator's words; any other error as it is.
 * @param table the one that was read, if one was.
 */
export function explainOdbcFault(error: unknown, table?: string): unknown {
  if (!(error instanceof OdbcFault)) return error;
  const { diagnostic } = error;
  const { kind, what, hint } = explain(diagnostic, table ?? "a table");
  const reason = diagnostic.message.replaceAll(/\s+/g, " ").trim().slice(0, longestReason);
  const state = diagnostic.state === "" ? "" : ` (SQLSTATE ${diagnostic.state})`;
  return new OperatorError(kind, `ODBC: ${what}${state}: ${reason}`, { hint });
}

/** The SQLSTATEs are the standard's, those of Postgres (42P01, 28P01), and what drivers say where they give none. */
export function isMissingTable(error: unknown): boolean {
  return error instanceof OdbcFault && lacksTable(error.diagnostic);
}

function lacksTable({ state, message }: Diagnostic): boolean {
  return (
    state === "42S02" || state === "42P01" || /no such table|relation "[^"]*" does not exist/i.test(message)
  );
}

function explain(diagnostic: Diagnostic, table: string): Explanation {
  const { step, state, message } = diagnostic;
  if (step === "library") {
    return {
      kind: "config",
      what: "the driver manager of this system can't be loaded",
      hint: onWindows
        ? "repair Windows: odbc32.dll is part of it"
        : "install it and the database's driver: apt-get install unixodbc (Debian, Ubuntu), dnf install unixODBC (Fedora, RHEL)",
    };
  }
  if (step === "connect") return explainConnect(state, message);
  if (lacksTable(diagnostic)) {
    return {
      kind: "failed",
      what: `${table} is missing, or this account does not see it`,
      hint: "name Domínio's database in the connection string, and let the account read its tables",
    };
  }
  if (state === "42501" || /permission denied/i.test(message)) {
    return {
      kind: "failed",
      what: `the account may not read ${table}`,
      hint: `grant select on ${table} to it`,
    };
  }
  if (state === "HYT00" || state === "HYT01" || state === "HY008" || state === "57014") {
    return {
      kind: "unavailable",
      what: "the query took too long",
      hint: "try again when the accounting database is less busy",
    };
  }
  if (state.startsWith("08")) return unreachable("the connection was lost");
  return {
    kind: "failed",
    what: `reading ${table} failed`,
    hint: "look the message up in the driver's documentation",
  };
}

function explainConnect(state: string, message: string): Explanation {
  if (state === "IM002") {
    return {
      kind: "config",
      what: "no data source and no driver of that name",
      hint: onWindows
        ? "add it as a System DSN in the 64-bit ODBC administrator (odbcad32.exe): one of 32 bits, or of another user, is not seen"
        : "compare DSN or DRIVER with what odbcinst -q -s and odbcinst -q -d list",
    };
  }
  if (state === "IM014") {
    return {
      kind: "config",
      what: "the data source is of a 32-bit driver",
      hint: "install the database's 64-bit client, and add a System DSN in the 64-bit ODBC administrator (odbcad32.exe)",
    };
  }
  if (["IM003", "IM004", "IM005"].includes(state) || /can't open lib/i.test(message)) {
    return {
      kind: "config",
      what: "the driver can't be loaded",
      hint: onWindows
        ? "install the database's 64-bit ODBC driver again"
        : "install the driver's package; its library is named in odbcinst.ini",
    };
  }
  if (state.startsWith("28") || /password authentication failed|invalid user id or password/i.test(message)) {
    return { kind: "config", what: "the log-in was refused", hint: "correct UID and PWD of the source" };
  }
  if (/database "?[^"]*"? does not exist|specified database not found/i.test(message)) {
    return {
      kind: "config",
      what: "the server has no database of that name",
      hint: "correct the database's name in the DSN or the connection string",
    };
  }
  if (state.startsWith("08") || state.startsWith("HYT")) return unreachable("the server was not reached");
  return {
    kind: "failed",
    what: "the connection was not made",
    hint: "correct the connection string: the keys that the driver takes are in its documentation",
  };
}

function unreachable(what: string): Explanation {
  return {
    kind: "unavailable",
    what,
    hint: "see whether the database's server is up, and whether host, port and firewall let this machine through",
  };
}

/** The process has ended unasked: nearly always by a fault in the driver. It may not come again. */
export function describeEnd(exitCode: number | null, signalCode: string | number | null): OperatorError {
  const how = signalCode === null ? `exit code ${exitCode}` : `${signalCode}`;
  return new OperatorError("unavailable", `ODBC: the process that reads ended before it was done: ${how}`, {
    hint: "try again; if it stays so, update the database's ODBC driver: it ends the process that loads it",
  });
}
