// Handlers of the operator's own in the Windows executable: the README's, from the types to its result.
// What else a handlers' folder may hold is tested on Linux, in `test/e2e/`.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { readWalk } from "../../test/e2e/readme-walk.ts";
import { finishedTask, type RunningWorker, WorkerBed } from "./worker-bed.ts";

const HANDLERS = "C:\\Rotinas do escritório\\próprias";
const environment = {
  FISCAUT_TASKS_DATA_DIR: "C:\\Dados da contábil",
  FISCAUT_TASKS_HANDLERS: HANDLERS,
};

let bed: WorkerBed;
let worker: RunningWorker;
beforeAll(async () => {
  bed = await WorkerBed.open();
  const { files } = await readWalk();
  bed.wine.writeFile(`${HANDLERS}\\add-up.ts`, files.get("handlers/add-up.ts") ?? "");
  bed.wine.writeFile(
    `${HANDLERS}\\apart.ts`,
    `import { readFileSync } from "node:fs";
     import { defineHandler } from "fiscaut-tasks";
     import { words } from "./_words.ts";
     export default defineHandler({
       isolate: true,
       run: (payload) => ({ payload, words, system: process.platform, pid: process.pid, own: readFileSync(import.meta.path, "utf8").length }),
     });`,
  );
  bed.wine.writeFile(`${HANDLERS}\\_words.ts`, 'export const words: string = "olá";');
  bed.wine.writeFile(`${HANDLERS}\\bad.ts`, "export default defineHandler({");
  bed.wine.writeFile(`${HANDLERS}\\batch-file.cmd`, '@echo {"from": "cmd"}\r\n@echo looking 1>&2\r\n');
}, 600_000);
afterAll(async () => {
  await bed?.[Symbol.asyncDispose]();
}, 60_000);

async function enqueue(...words: string[]): Promise<Record<string, unknown>> {
  const { id } = (await bed.runForJson(["enqueue", ...words], environment)) as { id: number };
  return await finishedTask(worker.url, id);
}

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
}, 120_000);

test("a TypeScript handler, an isolated one and a batch file run; a bad file is told and stops none of them", async () => {
  worker = await bed.startWorker([], environment);
  expect(await enqueue("add-up", '{"company": 1, "amounts": [19.5, 5.5]}')).toMatchObject({
    state: "succeeded",
    result: { total: 25 },
  });
  expect(await enqueue("apart", '{"é": 1}')).toMatchObject({
    state: "succeeded",
    result: { payload: { é: 1 }, words: "olá", system: "win32" },
  });
  expect(await enqueue("batch-file")).toMatchObject({ state: "succeeded", result: { from: "cmd" } });
  await worker.process.waitForOutput(/bad\.ts:\d+:\d+/);

  const refused = await bed.run(["enqueue", "add-up", '{"company": 1}'], environment);
  expect(await refused.exited).toBe(2);
  expect(refused.errors).toContain("the payload is not add-up's: amounts: ");
  worker.process.type("\x03");
  expect(await worker.process.waitForExit()).toBe(0);
}, 180_000);
