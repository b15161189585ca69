/** The README's section on handlers of one's own, done line by line with the executable alone in an empty folder. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { until } from "../until.ts";
import { openReader, type Reader } from "./reader.ts";
import { readWalk, type Walk } from "./readme-walk.ts";

let walk: Walk;
let reader: Reader;
beforeAll(async () => {
  walk = readWalk();
  reader = await openReader();
});
afterAll(() => reader.leave());

/** The README's line that begins so; there must be one. */
function line(beginning: string): string {
  const found = walk.commands.find((command) => command.startsWith(beginning));
  if (found === undefined)
    throw new Error(`the README has no line "${beginning}": ${walk.commands.join("\n")}`);
  return found;
}

const shown = async (id: number) =>
  JSON.parse(await reader.type(`fiscaut-tasks show ${id} --json`)) as Record<string, unknown>;

/** Enqueues by the README's line and waits until the task has ended. */
async function enqueue(beginning: string): Promise<number> {
  const id = Number(/^task (\d+) enqueued/.exec(await reader.type(line(beginning)))?.[1]);
  await until(async () => (await shown(id))["finishedAt"] !== null, 30_000);
  return id;
}

test("an empty folder, the types, a handler of ten lines and a shell script, run, enqueue: results, progress and log lines are seen", async () => {
  await reader.type(line("fiscaut-tasks handlers types handlers"));
  expect(readdirSync(join(reader.folder, "handlers")).sort()).toEqual([
    ".types",
    "fiscaut-tasks.d.ts",
    "tsconfig.json",
  ]);
  for (const [path, text] of walk.files) reader.save(path, text);
  const written = walk.files.get("handlers/add-up.ts") ?? "";
  expect(written.split("\n").filter((each) => !/^(\/\/.*)?$/.test(each)).length).toBeLessThanOrEqual(10);
  expect(faultsOf(join(reader.folder, "handlers"))).toEqual([]);

  await reader.type(line("chmod"));
  const worker = await reader.start(line("fiscaut-tasks run"), /http:\/\/127/);
  const id = await enqueue("fiscaut-tasks enqueue add-up");
  expect(await shown(id)).toMatchObject({
    state: "succeeded",
    result: { total: 25 },
    progress: { fraction: 1, message: "added up" },
  });
  const text = await reader.type(line("fiscaut-tasks show 1"));
  for (const word of ["succeeded", "100 %, added up", `"total": 25`]) expect(text).toContain(word);
  expect(await reader.type(line("fiscaut-tasks logs 1"))).toMatch(/ adding up amounts=2 company=1\n$/);
  await until(() => worker.log().includes("adding up"));

  const ofProgram = await enqueue("fiscaut-tasks enqueue free-space");
  expect(await shown(ofProgram)).toMatchObject({
    state: "succeeded",
    result: { freeKb: expect.any(Number) },
    progress: { fraction: 1, message: "looked" },
  });
  expect(await reader.type(`fiscaut-tasks logs ${ofProgram}`)).toMatch(/ looking at \/\n$/);

  const refused = await reader.type(line("fiscaut-tasks enqueue add-up").replace("[19.5, 5.5]", "25"), 2);
  expect(refused).toContain("the payload is not add-up's: amounts: ");
  expect(await worker.stop()).toBe(0);
}, 120_000);

/** What the compiler has to say of the folder, as an editor would show it. */
function faultsOf(folder: string): string[] {
  const { config } = ts.readConfigFile(join(folder, "tsconfig.json"), ts.sys.readFile);
  const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, folder);
  return ts
    .getPreEmitDiagnostics(ts.createProgram(fileNames, options))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " "));
}
