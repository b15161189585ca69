/** `fiscaut.sync-suppliers`: which source it reads, and which payloads it takes. The batch itself is `e2e/`'s affair. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { builtInHandlers, checkBuiltInPayloads } from "../../src/handlers/built-in.ts";
import type { HandlerContext } from "../../src/handlers/context.ts";
import { PermanentError } from "../../src/task/outcome.ts";

const name = "fiscaut.sync-suppliers";
const sample = `csv:${join(import.meta.dir, "../../scripts/demo/data")}`;
const check = (source?: string) => checkBuiltInPayloads([{ name, payload: { company: 1, source } }]);

/** Runs it on a worker whose source is that one; gives how many suppliers would have been enqueued. */
async function run(source: string | undefined, payload: object): Promise<unknown> {
  const [handler] = builtInHandlers({
    gate: undefined,
    source,
    odbcReader: { words: [], environment: {} },
    async enqueueBatch(_, tasks) {
      const all = await Array.fromAsync(tasks);
      return { id: 1, title: "", total: all.length, skipped: {}, created: true };
    },
  });
  const task = { id: 1, queue: "default", priority: 0 };
  return await handler?.run(payload, { task, log: () => {} } as unknown as HandlerContext);
}

describe("the source of a payload", () => {
  test("may hold no password, for payloads are stored and shown", async () => {
    for (const source of [
      "postgres://ana:hunter2secret@h/dominio",
      "postgres://ana:hunter2secret#@h/dominio",
      "postgres://h/dominio?user=ana&password=hunter2secret",
      "odbc:DSN=dominio;UID=ana;PWD=hunter2secret",
      "DSN=dominio;UID=ana; Password = hunter2secret",
    ]) {
      const refused = await check(source).catch((error: Error) => error.message);
      expect(refused).toContain("holds a password: leave it out and set FISCAUT_SOURCE");
      expect(refused).not.toContain("hunter2secret");
    }
  });

  test("may be a folder, a database that asks for none, or left out", async () => {
    await check(sample);
    await check("csv:C:\\export\\pwd");
    await check("postgres://ana@h/dominio?sslmode=require");
    await check();
  });

  test("wins over the worker's own, which is read where there is none", async () => {
    expect(await run("csv:/nowhere", { company: 1, source: sample })).toMatchObject({ enqueued: 1018 });
    expect(await run(sample, { company: 1 })).toMatchObject({ enqueued: 1018 });
  });

  test("is missed for good where the worker has none either", async () => {
    const error = await run(undefined, { company: 1 }).catch((reason: Error) => reason);
    expect(error).toBeInstanceOf(PermanentError);
    expect(String(error)).toContain("set FISCAUT_SOURCE");
  });
});
