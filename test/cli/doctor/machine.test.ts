import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dataDirCheck } from "../../../src/cli/doctor/machine/data-dir.ts";
import { portCheck } from "../../../src/cli/doctor/machine/port.ts";
import { claimDataDir } from "../../../src/store/embedded/data-dir.ts";
import { openEmbeddedPostgres } from "../../../src/store/embedded/embedded-postgres.ts";
import { findRunningPostgres } from "../../../src/store/embedded/find-running.ts";
import { ProcessLock } from "../../../src/store/embedded/process-lock.ts";
import { load } from "../../config/surroundings.ts";
import { buildApp } from "../../http/app-under-test.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";

describe("the port", () => {
  let database: TestDatabase;
  const servers: { stop(force: boolean): Promise<void> }[] = [];
  beforeAll(async () => {
    database = await createDatabase();
  });
  afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop(true))));
  afterAll(() => database.drop());

  const lookAt = async (port: number, env = {}) =>
    await portCheck.look(load({ flags: { port }, env }).config);

  function serve(fetch: (request: Request) => Response | Promise<Response>): number {
    const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch });
    servers.push(server);
    return server.port ?? 0;
  }

  test("is free", async () => {
    const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const { port } = listener;
    listener.stop(true);
    expect(await lookAt(port)).toEqual({ status: "pass", text: `${port} on 127.0.0.1 is free` });
  });

  test("has a worker of ours behind it, with our token or another", async () => {
    const token = "a-token-of-sixteen-characters";
    const app = buildApp(database.store, { token });
    const port = serve((request) => app.fetch(request));
    expect(await lookAt(port, { FISCAUT_TASKS_HTTP_TOKEN: token })).toMatchObject({ status: "pass" });
    expect(await lookAt(port)).toMatchObject({
      status: "warn",
      text: expect.stringContaining("another token"),
    });
  });

  test("is another program's", async () => {
    const port = serve(() => new Response("hello"));
    expect(await lookAt(port)).toMatchObject({
      status: "fail",
      text: `another program listens on port ${port} of 127.0.0.1`,
    });
  });
});

describe("the data folder", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "fiscaut-tasks-doctor-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const lookAt = async (dir: string, env = {}) =>
    await dataDirCheck.look(load({ flags: { "data-dir": dir }, env }).config);

  test("that is missing is made at the first start, not by looking at it", async () => {
    const dir = join(folder, "not", "yet");
    expect(await lookAt(dir)).toMatchObject({
      status: "pass",
      text: expect.stringContaining("made at the first start"),
    });
    expect(await findRunningPostgres(dir)).toBeUndefined();
    expect(existsSync(join(folder, "not"))).toBe(false);
  });

  test("that holds something else fails", async () => {
    const dir = join(folder, "foreign");
    mkdirSync(dir);
    writeFileSync(join(dir, "thesis.doc"), "");
    expect(await lookAt(dir)).toMatchObject({
      status: "fail",
      text: `${dir} holds something else than fiscaut-tasks`,
    });
    expect(readdirSync(dir)).toEqual(["thesis.doc"]);
  });

  test.if(process.platform === "linux")("that is in use tells by whom", async () => {
    const dir = join(folder, "ours");
    const lock = await ProcessLock.share(await claimDataDir(dir, () => {}), "use.lock");
    expect(await lookAt(dir)).toMatchObject({
      status: "pass",
      text: expect.stringContaining(`used by process ${process.pid}`),
    });
    lock.release();
    expect(await lookAt(dir)).toMatchObject({ text: expect.stringContaining("used by nobody now") });
  });

  test("is of no matter with a database elsewhere", async () => {
    expect(await lookAt("/", { DATABASE_URL: "postgres://db/x" })).toMatchObject({ status: "skip" });
  });
});

test("the embedded Postgres is found while it runs, and not after", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "fiscaut-tasks-doctor-pg-"));
  chmodSync(dataDir, 0o755);
  const postgres = await openEmbeddedPostgres({ dataDir });
  expect(await findRunningPostgres(dataDir)).toBe(postgres.url);
  await postgres.close();
  expect(await findRunningPostgres(dataDir)).toBeUndefined();
  rmSync(dataDir, { recursive: true });
});
