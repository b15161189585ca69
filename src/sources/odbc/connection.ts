/**
 * One connection over ODBC, for reading alone: its handles, its time-outs, its end. Rows are read by `statement.ts`.
 * Every call blocks until the driver answers, so this runs in a process of its own (see `serve-reader.ts`).
 */
import { handleKind, readFault } from "./diagnostics.ts";
import {
  allocate,
  type DriverManager,
  fromWide,
  openDriverManager,
  returned,
  toWide,
} from "./driver-manager.ts";
import { openStatement, type Row } from "./statement.ts";

/** Attributes and values of `sql.h` and `sqlext.h`. */
const odbcVersion = { attribute: 200, three: 3n };
const accessMode = { attribute: 101, readOnly: 1n };
const loginTimeout = 103;
const noPrompt = 0;
const information = { driver: 6, driverVersion: 7, dbms: 17, dbmsVersion: 18 };
/** Instead of a value's length: an integer is passed, or text that ends in a terminator. */
const isUnsignedInteger = -5;
const endsInTerminator = -3;

export interface ConnectOptions {
  connectionString: string;
  loginTimeoutMs: number;
  queryTimeoutMs: number;
}

export interface Connection {
  /** Name and version, as the driver gives them; "" where it has none. */
  readonly driver: string;
  readonly dbms: string;
  /** Rows in bounded memory: fetched as they are asked for. @throws OdbcFault */
  query(text: string, parameters: readonly number[]): Generator<Row>;
  close(): void;
}

/** @throws OdbcFault */
export function connect(options: ConnectOptions, odbc = openDriverManager()): Connection {
  const environment = allocateHandle(odbc, handleKind.environment, 0n);
  setEnvironment(odbc, environment);
  const connection = allocateHandle(odbc, handleKind.connection, environment);
  // Not every driver has these; one that refuses is asked without: the account's own rights and the parent's clock remain.
  const seconds = BigInt(Math.max(1, Math.ceil(options.loginTimeoutMs / 1000)));
  odbc.SQLSetConnectAttrW(connection, loginTimeout, seconds, isUnsignedInteger);
  odbc.SQLSetConnectAttrW(connection, accessMode.attribute, accessMode.readOnly, isUnsignedInteger);
  const text = toWide(options.connectionString);
  const result = odbc.SQLDriverConnectW(connection, 0n, text, endsInTerminator, 0n, 0, 0n, noPrompt);
  if (!succeeded(result)) throw readFault(odbc, handleKind.connection, connection, "connect");
  const tell = (name: number, version: number) =>
    `${readInformation(odbc, connection, name)} ${readInformation(odbc, connection, version)}`.trim();
  return {
    driver: tell(information.driver, information.driverVersion),
    dbms: tell(information.dbms, information.dbmsVersion),
    *query(sql, parameters) {
      const statement = allocateHandle(odbc, handleKind.statement, connection);
      try {
        yield* openStatement(odbc, statement, sql, parameters, options.queryTimeoutMs);
      } finally {
        odbc.SQLFreeHandle(handleKind.statement, statement);
      }
    },
    close() {
      odbc.SQLDisconnect(connection);
      odbc.SQLFreeHandle(handleKind.connection, connection);
      odbc.SQLFreeHandle(handleKind.environment, environment);
    },
  };
}

const succeeded = (result: number) => result === returned.success || result === returned.successWithInfo;

function allocateHandle(odbc: DriverManager, kind: 1 | 2 | 3, parent: bigint): bigint {
  const handle = allocate(8);
  if (!succeeded(odbc.SQLAllocHandle(kind, parent, handle))) {
    const parentKind = kind === handleKind.statement ? handleKind.connection : handleKind.environment;
    throw readFault(odbc, parentKind, parent, "connect");
  }
  return handle.readBigUInt64LE();
}

function setEnvironment(odbc: DriverManager, environment: bigint): void {
  if (succeeded(odbc.SQLSetEnvAttr(environment, odbcVersion.attribute, odbcVersion.three, 0))) return;
  throw readFault(odbc, handleKind.environment, environment, "connect");
}

function readInformation(odbc: DriverManager, connection: bigint, what: number): string {
  const text = allocate(512);
  const length = allocate(2);
  if (!succeeded(odbc.SQLGetInfoW(connection, what, text, text.byteLength, length))) return "";
  return fromWide(text, text.byteLength).split("\0", 1)[0]?.trim() ?? "";
}
