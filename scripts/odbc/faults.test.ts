/**
 * What goes wrong over ODBC, in words that hold no password; whatever becomes of the process that reads, this one lives.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { openOdbcSource } from "../../src/sources/odbc/odbc.ts";
import { OperatorError } from "../../src/task/errors.ts";
import { readCompany, reading, readRecords } from "../../test/sources/reading.ts";
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
  const { kind, message, hint } = await faultOf(readCompany(open(bed.postgresBut({ PWD: "wr0ng" })), 1));
  expect([kind, hint]).toEqual(["config", "correct UID and PWD of the source"]);
  expect(message).toStartWith("ODBC: the log-in was refused (SQLSTATE ");
  expect(message).not.toContain("wr0ng");
});

test("a DSN that nobody made", async () => {
  const { kind, message, hint } = await faultOf(readCompany(open("DSN=Dominio;UID=leitor;PWD=wr0ng"), 1));
  expect(kind).toBe("config");
  expect(message).toStartWith("ODBC: no data source and no driver of that name (SQLSTATE IM002): ");
  expect(hint).toContain("odbcinst -q -s");
});

test("a driver that is not installed", async () => {
  const { kind, message } = await faultOf(readCompany(open("DRIVER=/opt/dbodbc17.so;PWD=wr0ng"), 1));
  expect(kind).toBe("config");
  expect(message).toContain("the driver can't be loaded");
});

test("a server that is not there", async () => {
  const { kind, message } = await faultOf(readCompany(open(bed.postgresBut({ Port: "1" })), 1));
  expect(kind).toBe("unavailable");
  expect(message).toContain("the server was not reached");
});

test("a server that takes the connection and says nothing", async () => {
  const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  try {
    const { kind } = await faultOf(readCompany(open(bed.postgresBut({ Port: String(silent.port) })), 1));
    expect(kind).toBe("unavailable");
    expect(findReaders()).toBeEmpty();
  } finally {
    silent.stop(true);
  }
});

test("a table that is not there, or is nobody's to read", async () => {
  const { sql } = bed.database.store;
  await sql`revoke select on bethadba.effornece from ${sql(reader.user)}`;
  const refused = await faultOf(readRecords(open(bed.postgres), "supplier", 1));
  expect(refused.message).toContain("the account may not read bethadba.effornece");
  expect(refused.hint).toContain("grant select on bethadba.effornece");
  await sql`alter table bethadba.effornece rename to elsewhere`;
  await reading(open(bed.postgres), async (source) => {
    const missing = await faultOf(Array.fromAsync(source.records("supplier", 1)));
    expect(missing.message).toContain("ODBC: bethadba.effornece is missing");
    const { tables } = await source.test();
    expect(tables.filter(({ rows }) => rows === null)).toEqual([{ name: "bethadba.effornece", rows: null }]);
    expect(await source.company(1)).toMatchObject({ code: 1 });
  });
  await sql`alter table bethadba.elsewhere rename to effornece`;
  await sql`grant select on bethadba.effornece to ${sql(reader.user)}`;
});

/** A reader that has given the first of many rows, and these. */
async function readHalf(signal?: AbortSignal) {
  const opened = await open(bed.postgres, signal).open();
  const rows = opened.records("supplier", largeCompany.code)[Symbol.asyncIterator]();
  await rows.next();
  return { opened, rest: { [Symbol.asyncIterator]: () => rows } };
}

test("a process that is killed while it reads is an error, and another reader starts another", async () => {
  const half = await readHalf();
  await using opened = half.opened;
  const [found] = findReaders();
  if (found === undefined) throw new Error("no process reads");
  process.kill(found.pid, "SIGKILL");
  const ended = "ODBC: the process that reads ended before it was done: SIGKILL";
  for (const ask of [() => Array.fromAsync(half.rest), () => opened.company(1)]) {
    const { kind, message } = await faultOf(ask());
    expect([kind, message]).toEqual(["unavailable", ended]);
  }
  expect((await readCompany(open(bed.postgres), 1))?.code).toBe(1);
});

test("a process that is stopped is given up when the attempt is aborted", async () => {
  const abort = new AbortController();
  const half = await readHalf(abort.signal);
  await using _ = half.opened;
  for (const { pid } of findReaders()) process.kill(pid, "SIGSTOP");
  const rest = Array.fromAsync(half.rest);
  abort.abort(new Error("the attempt has timed out"));
  await expect(rest).rejects.toThrow("the attempt has timed out");
  await until(() => findReaders().length === 0);
});

test("one process serves many calls, rows that were left early among them, and ends with its reader", async () => {
  await reading(open(bed.postgres), async (source) => {
    for await (const _ of source.records("supplier", largeCompany.code)) break;
    const [first] = findReaders();
    expect(await source.company(2)).toMatchObject({ code: 2 });
    for await (const { code } of source.records("account", 1)) if (code !== "") break;
    expect(await Array.fromAsync(source.records("accumulator", 3))).toHaveLength(5);
    expect(findReaders().map(({ pid }) => pid)).toEqual(first === undefined ? [] : [first.pid]);
  });
  expect(findReaders()).toBeEmpty();
});

test("no process list and no environment holds the password", async () => {
  const half = await readHalf();
  await using _ = half.opened;
  const [found] = findReaders();
  expect(found?.commandLine).toContain("odbc-reader");
  expect(found?.commandLine).not.toContain(reader.password);
  expect(found?.environment).not.toContain(reader.password);
});
