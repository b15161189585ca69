/** The process that reads may crash, block or be ended: the one that asked lives, and is told in words. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { OdbcFault } from "../../../src/sources/odbc/odbc-fault.ts";
import { type ReaderOptions, startReader } from "../../../src/sources/odbc/reader-process.ts";
import { until } from "../../until.ts";

const command = {
  words: [process.execPath, join(import.meta.dir, "scripted-reader.ts")],
  environment: {},
};
const query = { text: "select", parameters: [] };

const start = (mode: string, options: Partial<ReaderOptions> = {}) =>
  startReader({
    connectionString: `MODE=${mode};PWD=geheim`,
    command,
    loginTimeoutMs: 10_000,
    queryTimeoutMs: 10_000,
    signal: undefined,
    ...options,
  });

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test("gives all portions of rows, and is gone after its end", async () => {
  const reader = await start("answer");
  const rows = await Array.fromAsync(reader.query(query));
  await reader.end();
  expect(rows).toHaveLength(3);
  expect(rows.every(([, text]) => text === query.text)).toBe(true);
  expect(isAlive(Number(rows[0]?.[0]))).toBe(false);
});

test("a crash in the middle is an error, and so is every later question", async () => {
  const reader = await start("crash");
  const reading = Array.fromAsync(reader.query(query));
  await expect(reading).rejects.toThrow("ODBC: the process that reads ended before it was done: SIGKILL");
  await expect(Array.fromAsync(reader.query(query))).rejects.toThrow("ended before it was done");
  await reader.end();
});

test("a driver that blocks is given up on abort, with the abort's reason", async () => {
  const abort = new AbortController();
  const reader = await start("block", { signal: abort.signal });
  const rows = reader.query(query);
  const pid = Number((await rows.next()).value?.[0]);
  const next = rows.next();
  abort.abort(new Error("the attempt has timed out"));
  await expect(next).rejects.toThrow("the attempt has timed out");
  await until(() => !isAlive(pid));
  await reader.end();
});

test("a driver that blocks is given up when its time is over", async () => {
  const reader = await start("block", { queryTimeoutMs: -4_900 });
  const reading = Array.fromAsync(reader.query(query));
  await expect(reading).rejects.toThrow("ODBC: the query was not answered within 0.1 s");
  await reader.end();
});

test("rows that nobody wants any more end the process, though its driver blocks", async () => {
  const reader = await start("block");
  const rows = reader.query(query);
  const pid = Number((await rows.next()).value?.[0]);
  await rows.return(undefined);
  await reader.end();
  expect(isAlive(pid)).toBe(false);
});

test("rows that were left early are no hindrance to the next query, which one process answers", async () => {
  const reader = await start("answer");
  const first = reader.query(query);
  const pid = (await first.next()).value?.[0];
  await first.return(undefined);
  const texts = (await Array.fromAsync(reader.query({ ...query, text: "other" }))).map(([, text]) => text);
  expect(texts).toEqual(["other", "other", "other"]);
  for await (const [answering] of reader.query(query)) expect(answering).toBe(pid ?? "");
  await reader.end();
});

test("a fault of the connection comes without the password that the driver repeats", async () => {
  const error = await start("refuse").catch((reason: unknown) => reason);
  if (!(error instanceof OdbcFault)) throw new Error(`not a fault: ${error}`);
  expect(error.diagnostic).toEqual({
    step: "connect",
    state: "28000",
    message: "refused: MODE=refuse;PWD=***",
  });
});

test("an abort that came before starts no process", async () => {
  const signal = AbortSignal.abort(new Error("too late"));
  await expect(start("answer", { signal })).rejects.toThrow("too late");
});
