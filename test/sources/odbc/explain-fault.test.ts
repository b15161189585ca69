/** What a person is told of each fault, without a driver: its kind decides whether a task tries again. */
import { expect, test } from "bun:test";
import { openDriverManager } from "../../../src/sources/odbc/driver-manager.ts";
import { explainOdbcFault, isMissingTable } from "../../../src/sources/odbc/explain-fault.ts";
import { type Diagnostic, OdbcFault } from "../../../src/sources/odbc/odbc-fault.ts";
import { OperatorError } from "../../../src/task/errors.ts";

function explain(error: unknown): OperatorError {
  const explained = explainOdbcFault(error);
  if (!(explained instanceof OperatorError)) throw new Error(`not explained: ${explained}`);
  return explained;
}

const cases: [Diagnostic["step"], string, string, OperatorError["kind"], string][] = [
  ["connect", "IM002", "Data source name not found", "config", "no data source and no driver of that name"],
  ["connect", "IM014", "architecture mismatch", "config", "the data source is of a 32-bit driver"],
  ["connect", "01000", "Can't open lib 'dbodbc17.so'", "config", "the driver can't be loaded"],
  ["connect", "28000", "Invalid user ID or password", "config", "the log-in was refused"],
  ["connect", "08001", "FATAL: password authentication failed", "config", "the log-in was refused"],
  ["connect", "08001", "Database server not found", "unavailable", "the server was not reached"],
  [
    "connect",
    "08001",
    'FATAL: database "a" does not exist',
    "config",
    "the server has no database of that name",
  ],
  ["connect", "HYT00", "timeout expired", "unavailable", "the server was not reached"],
  ["connect", "HY000", "unknown key", "failed", "the connection was not made"],
  ["query", "42S02", "Table not found", "failed", "a table is missing"],
  ["query", "HY000", "no such table: effornece (1)", "failed", "a table is missing"],
  ["query", "42501", "permission denied for table effornece", "failed", "the account may not read a table"],
  ["query", "HYT00", "timeout expired", "unavailable", "the query took too long"],
  ["query", "08S01", "Communication link failure", "unavailable", "the connection was lost"],
  ["query", "42000", "Syntax error", "failed", "reading a table failed"],
];

test.each(cases)("%s %s, %s: %s, %s", (step, state, message, kind, what) => {
  const explained = explain(new OdbcFault({ step, state, message }));
  expect(explained.kind).toBe(kind);
  expect(explained.message).toStartWith(`ODBC: ${what}`);
  expect(explained.message).toEndWith(` (SQLSTATE ${state}): ${message}`);
  expect(explained.hint).not.toBeEmpty();
});

test("the table that was read is named", () => {
  const explained = (state: string) => {
    const error = explainOdbcFault(
      new OdbcFault({ step: "query", state, message: "?" }),
      "bethadba.ctcontas",
    );
    return error instanceof OperatorError ? `${error.message} ${error.hint}` : "";
  };
  expect(explained("42S02")).toContain("ODBC: bethadba.ctcontas is missing");
  expect(explained("42501")).toContain("grant select on bethadba.ctcontas to it");
});

test("where there is no driver manager, how to install it is told", () => {
  const load = () => openDriverManager(["libodbc-that-nobody-has.so.9"]);
  expect(load).toThrow(OdbcFault);
  try {
    load();
  } catch (error) {
    const { kind, message, hint } = explain(error);
    expect(kind).toBe("config");
    expect(message).toContain("the driver manager of this system can't be loaded: ");
    expect(message).toContain("libodbc-that-nobody-has.so.9");
    expect(hint).toMatch(/unixodbc|odbc32/);
  }
});

test("any other error stays what it is, and is no missing table", () => {
  const error = new Error("relation");
  expect(explainOdbcFault(error)).toBe(error);
  expect(isMissingTable(error)).toBe(false);
  expect(isMissingTable(new OdbcFault({ step: "query", state: "42P01", message: "" }))).toBe(true);
});
