/** The operator's guide, README.pt-BR.md, done line by line against a stand-in of the API and the sample records. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { choosePort } from "../../scripts/demo/processes.ts";
import { type FiscautStandIn, startFiscautStandIn } from "../fiscaut-api/stand-in.ts";
import { fillIn, GUIDE, missingIn, readSteps, takerOf, writeRecords } from "./guide.ts";
import { linesOf, readBlocks } from "./markdown-blocks.ts";
import { openReader, type Reader, type Started } from "./reader.ts";

const root = resolve(import.meta.dir, "../..");
const run = "sudo fiscaut-tasks run";
let api: FiscautStandIn;
let reader: Reader;
beforeAll(async () => {
  api = startFiscautStandIn({ apiKey: "chave-da-api", companies: ["33000167000101"] });
  // Below those that the system gives away, so that it is still free when the worker is started again.
  const port = choosePort(18_430);
  reader = await openReader("fiscaut-tasks-linux-x64", (folder) => ({
    PATH: `${folder}/bin:${process.env["PATH"]}`,
    FISCAUT_TASKS_CONFIG: `${folder}/etc/fiscaut-tasks.toml`,
    FISCAUT_TASKS_PORT: String(port),
    FISCAUT_RATE: "off",
  }));
  writeRecords(join(reader.folder, "dados"));
  reader.save("bin/sudo", '#!/bin/sh\nexec "$@"\n', 0o755);
});
afterAll(async () => {
  await reader?.leave();
  await api?.stop();
});

/** As the guide has it, at this machine's addresses. */
const here = (text: string) =>
  text
    .replaceAll("/usr/local/bin", `${reader.folder}/bin`)
    .replaceAll("/etc/fiscaut-tasks", `${reader.folder}/etc`)
    .replaceAll("/dados/dominio", `${reader.folder}/dados`)
    .replaceAll("https://fiscaut.example/api/v1", api.url);

test("every line that needs no service manager is run, and answers as the guide quotes it", async () => {
  let worker: Started | undefined;
  for (const { section, commands, quoted } of readSteps("reader")) {
    let printed = "";
    // The service that the reader has installed by then.
    if (section === "Primeira sincronização") worker ??= await reader.start(run, /is running/);
    for (const command of commands.map(here)) {
      if (command === run) {
        worker = await reader.start(command, /is running/);
        printed += worker.log();
      } else printed += await reader.type(command);
      if (command.includes(" config init ")) {
        const path = "etc/fiscaut-tasks.toml";
        reader.save(path, fillIn(readFileSync(join(reader.folder, path), "utf8"), here));
      }
      if (command.includes(" stop --wait")) {
        expect(await worker?.exited).toBe(0);
        worker = undefined;
      }
    }
    expect({ commands, missing: missingIn(printed, quoted.map(here)) }).toEqual({ commands, missing: [] });
  }
  expect(await worker?.stop()).toBe(0);
  expect(api.records.size).toBeGreaterThan(50);
}, 180_000);

test("every command of the guide is run by one of its three tests", () => {
  const text = readFileSync(GUIDE, "utf8");
  const fences = text.match(/^\s*```\w/gm) ?? [];
  const blocks = readBlocks(GUIDE);
  expect(blocks.length).toBe(fences.length);
  const commands = readSteps("reader", "service", "wine").flatMap((step) => step.commands);
  const ofOthers = blocks.filter((block) => ["quoted", "configuration"].includes(takerOf(block)));
  expect(commands.length + ofOthers.flatMap(linesOf).length).toBe(blocks.flatMap(linesOf).length);
  for (const room of ["service", "windows"]) {
    expect(existsSync(join(root, `scripts/${room}/guide.test.ts`))).toBe(true);
    expect(readFileSync(join(root, `scripts/${room}/test.ts`), "utf8")).toContain(
      `./scripts/${room}/guide.test.ts`,
    );
  }
});

test("it has a section for each of the old guide's, in its order", () => {
  const headings = readFileSync(GUIDE, "utf8").match(/^###? .*$/gm) ?? [];
  const old = [
    "Requisitos Comuns",
    "Opção 1",
    "Opção 2",
    "A. Linux",
    "B. Windows Server",
    "C. Windows",
    "Monitoramento e Logs",
  ];
  const places = old.map((words) =>
    headings.findIndex((heading) => heading.toLowerCase().includes(words.toLowerCase())),
  );
  expect(places).not.toContain(-1);
  expect(places).toEqual([...places].sort((a, b) => a - b));
});
