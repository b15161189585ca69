/**
 * Handlers of the operator's own in the Windows executable: the README's, from the types to its result.
 * Isolated ones and programs are the affair of `own-processes.test.ts`.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { type EmbeddedPostgres, openEmbeddedPostgres } from "../../src/store/embedded/embedded-postgres.ts";
import { makeFolder } from "../../test/e2e/executable.ts";
import { readWalk } from "../../test/e2e/readme-walk.ts";
import { finishedTask, WorkerBed } from "./worker-bed.ts";

const HANDLERS = "C:\\Rotinas do escritório\\próprias";
let bed: WorkerBed;
let database: EmbeddedPostgres;
let environment: Record<string, string>;
const folder = await makeFolder();
beforeAll(async () => {
  bed = await WorkerBed.open();
  database = await openEmbeddedPostgres({ dataDir: `${folder.path}/data` }); // Wine makes one in a minute
  environment = { DATABASE_URL: database.url, FISCAUT_TASKS_HANDLERS: HANDLERS };
  const { files } = readWalk();
  bed.wine.writeFile(`${HANDLERS}\\add-up.ts`, files.get("handlers/add-up.ts") ?? "");
  bed.wine.writeFile(`${HANDLERS}\\bad.ts`, "export default defineHandler({");
});
afterAll(async () => {
  await bed?.[Symbol.asyncDispose]();
  await database?.close();
  folder.remove();
});

test("`handlers types` writes into a folder with blanks and accents, also the second time", async () => {
  for (const outcome of ["written", "unchanged"]) {
    const written = await bed.runForJson(["handlers", "types", HANDLERS]);
    expect(written).toMatchObject({
      files: ["fiscaut-tasks.d.ts", ".types", "tsconfig.json"].map((name) => ({ name, outcome })),
    });
  }
  expect(existsSync(bed.wine.hostPath(`${HANDLERS}\\.types\\node_modules\\@types\\bun\\index.d.ts`))).toBe(
    true,
  );
});

test("a TypeScript handler runs beside a bad file, which is told, and its result is seen", async () => {
  const worker = await bed.startWorker([], environment);
  const { id } = (await bed.runForJson(
    ["enqueue", "add-up", '{"company": 1, "amounts": [19.5, 5.5]}'],
    environment,
  )) as { id: number };
  expect(await finishedTask(worker.url, id)).toMatchObject({
    state: "succeeded",
    result: { total: 25 },
  });
  await worker.process.waitForOutput(/bad\.ts:\d+:\d+/);

  const refused = await bed.run(["enqueue", "add-up", '{"company": 1}'], environment);
  expect(await refused.exited).toBe(2);
  expect(refused.errors).toContain("the payload is not add-up's: amounts: ");
  worker.process.type("\x03");
  expect(await worker.process.waitForExit()).toBe(0);
});
