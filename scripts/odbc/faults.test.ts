// What goes wrong over ODBC, in words that hold no password; whatever becomes of the process that reads, this one lives.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { openOdbcSource } from "../../src/sources/odbc/odbc.ts";
import { OperatorError } from "../../src/task/errors.ts";
import { until } from "../../test/until.ts";
import { largeCompany, reader } from "./accounting-tables.ts";
import { findReaders, layBed, type OdbcBed } from "./odbc-bed.ts";

let bed: OdbcBed;
beforeAll(async () => {
  bed = await layBed();
}, 120_000);
afterAll(() => bed?.close());

const open = (connectionString: string, signal?: AbortSignal) =>
  openOdbcSource(connectionString, { command: bed.command, signal, loginTimeoutMs: 2_000 });

async function faultOf(reading: Promise<unknown>): Promise<OperatorError> {
  const error = await reading.catch((reason: unknown) => reason);
  if (!(error instanceof OperatorError)) throw new Error(`not an OperatorError: ${error}`);
  expect(error.message).not.toContain(reader.password);
  return error;
}

test("a wrong password", async () => {
  const { kind, message, hint } = await faultOf(open(bed.postgresBut({ PWD: "wr0ng" })).company(1));
  expect([kind, hint]).toEqual(["config", "correct UID and PWD of the source"]);
  expect(message).toStartWith("ODBC: the log-in was refused (SQLSTATE ");
  expect(message).not.toContain("wr0ng");
});

test("a DSN that nobody made", async () => {
  const { kind, message, hint } = await faultOf(open("DSN=Dominio;UID=leitor;PWD=wr0ng").company(1));
  expect(kind).toBe("config");
  expect(message).toStartWith("ODBC: no data source and no driver of that name (SQLSTATE IM002): ");
  expect(hint).toContain("odbcinst -q -s");
});

test("a driver that is not installed", async () => {
  const { kind, message } = await faultOf(open("DRIVER=/opt/dbodbc17.so;PWD=wr0ng").company(1));
  expect(kind).toBe("config");
  expect(message).toContain("the driver can't be loaded");
});

test("a server that is not there", async () => {
  const { kind, message } = await faultOf(open(bed.postgresBut({ Port: "1" })).company(1));
  expect(kind).toBe("unavailable");
  expect(message).toContain("the server was not reached");
});

test("a server that takes the connection and says nothing", async () => {
  const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  try {
    const { kind } = await faultOf(open(bed.postgresBut({ Port: String(silent.port) })).company(1));
    expect(kind).toBe("unavailable");
    expect(findReaders()).toBeEmpty();
  } finally {
    silent.stop(true);
  }
});

test("a table that is not there, or is nobody's to read", async () => {
  const { sql } = bed.database.store;
  await sql`revoke select on bethadba.effornece from ${sql(reader.user)}`;
  const refused = await faultOf(Array.fromAsync(open(bed.postgres).suppliers(1)));
  expect(refused.message).toContain("the account may not read a table");
  await sql`alter table bethadba.effornece rename to elsewhere`;
  const missing = await faultOf(Array.fromAsync(open(bed.postgres).suppliers(1)));
  expect(missing.message).toContain("a table is missing");
  expect(missing.hint).toContain("bethadba.effornece");
  expect((await open(bed.postgres).test()).tables).toEqual([
    { name: "bethadba.geempre", rows: expect.any(Number) },
    { name: "bethadba.effornece", rows: null },
  ]);
  await sql`alter table bethadba.elsewhere rename to effornece`;
  await sql`grant select on bethadba.effornece to ${sql(reader.user)}`;
});

test("a process that is killed while it reads is an error, and the next reading starts another", async () => {
  const source = open(bed.postgres);
  const suppliers = source.suppliers(largeCompany.code)[Symbol.asyncIterator]();
  await suppliers.next();
  const [reading] = findReaders();
  if (reading === undefined) throw new Error("no process reads");
  process.kill(reading.pid, "SIGKILL");
  const rest = Array.fromAsync({ [Symbol.asyncIterator]: () => suppliers });
  const { kind, message } = await faultOf(rest);
  expect([kind, message]).toEqual([
    "unavailable",
    "ODBC: the process that reads ended before it was done: SIGKILL",
  ]);
  expect((await source.company(1))?.code).toBe(1);
});

test("a process that is stopped is given up when the attempt is aborted", async () => {
  const abort = new AbortController();
  const suppliers = open(bed.postgres, abort.signal).suppliers(largeCompany.code)[Symbol.asyncIterator]();
  await suppliers.next();
  for (const { pid } of findReaders()) process.kill(pid, "SIGSTOP");
  const rest = Array.fromAsync({ [Symbol.asyncIterator]: () => suppliers });
  abort.abort(new Error("the attempt has timed out"));
  await expect(rest).rejects.toThrow("the attempt has timed out");
  await until(() => findReaders().length === 0);
});

test("leaving the rows early ends the process", async () => {
  for await (const _ of open(bed.postgres).suppliers(largeCompany.code)) break;
  expect(findReaders()).toBeEmpty();
});

test("no process list and no environment holds the password", async () => {
  const suppliers = open(bed.postgres).suppliers(largeCompany.code)[Symbol.asyncIterator]();
  await suppliers.next();
  const [found] = findReaders();
  expect(found?.commandLine).toContain("odbc-reader");
  expect(found?.commandLine).not.toContain(reader.password);
  expect(found?.environment).not.toContain(reader.password);
  await suppliers.return?.();
});
