/**
 * What the operator's guide, README.pt-BR.md, says to do on Windows, done line by line in cmd. NSSM itself is not here, and
 * Wine's `sc` and Task Scheduler know half of what Windows' own do: an install, and all of Task Scheduler, speaks to
 * stand-ins, and the service that the lines after it start and stop is registered as `service.test.ts` does.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync, rmSync } from "node:fs";
import { dirname, win32 } from "node:path";
import { fillIn, missingIn, readSteps, writeRecords } from "../../test/e2e/guide.ts";
import { type FiscautStandIn, startFiscautStandIn } from "../../test/fiscaut-api/stand-in.ts";
import { choosePort } from "../demo/processes.ts";
import { StandIns } from "./stand-ins.ts";
import type { WineProcess } from "./wine-process.ts";
import { EXECUTABLE, PROGRAM, until, WorkerBed } from "./worker-bed.ts";

const CONFIG = "C:\\ProgramData\\fiscaut-tasks\\fiscaut-tasks.toml";
const DOWNLOADS = "C:\\Downloads";
const RECORDS = "C:\\Dados\\Dominio";
const SCRIPT = "C:\\test\\line.cmd";
const RUN = "fiscaut-tasks run";

let bed: WorkerBed;
let standIns: StandIns;
let api: FiscautStandIn;
let port: number;
beforeAll(async () => {
  bed = await WorkerBed.open();
  rmSync(dirname(bed.wine.hostPath(PROGRAM)), { recursive: true });
  bed.wine.copyIn(EXECUTABLE, `${DOWNLOADS}\\fiscaut-tasks-windows-x64.exe`);
  standIns = await StandIns.make(bed.wine);
  bed.wine.copyIn(bed.wine.hostPath(`${standIns.folder}\\nssm.exe`), "C:\\NSSM\\nssm.exe");
  writeRecords(bed.wine.hostPath(RECORDS));
  api = startFiscautStandIn({ apiKey: "chave-da-api", companies: ["33000167000101"] });
  port = choosePort(18_431);
});
afterAll(async () => {
  await bed?.[Symbol.asyncDispose]();
  await api?.stop();
});

/** Here, as the guide has it. */
const here = (text: string) =>
  text
    .replaceAll("csv:/dados/dominio", `csv:${RECORDS}`)
    .replaceAll("https://fiscaut.example/api/v1", api.url);

/** By the guide the lines for Linux hold here too, "sem `sudo`" and "sem o caminho do arquivo". */
const onWindows = (line: string) => line.replace(/^sudo /, "");

/** Whose blocks have another one for Windows beside them. */
const linuxOnly = /^sudo install |\/etc\/|--manager (systemd|supervisor)/;

const speaksToStandIns = / service install | --manager schtasks\b/;
const TASK = "C:\\ProgramData\\fiscaut-tasks\\fiscaut-tasks-task.xml";

let folder = DOWNLOADS;
/** Runs a line in cmd. @throws Error unless it ends with 0. */
async function type(line: string): Promise<string> {
  const [, changed] = /^cd \/d "(.*)"$/.exec(line) ?? [];
  if (changed !== undefined) folder = changed;
  bed.wine.writeFile(SCRIPT, `@${line}\r\n`);
  const env = speaksToStandIns.test(line) ? { WINEPATH: standIns.folder } : {};
  const ran = bed.wine.start("cmd", ["/c", SCRIPT], { cwd: folder, env });
  if ((await ran.waitForExit(240_000)) !== 0) throw new Error(`${line} failed\n${ran.describe()}`);
  return ran.output + ran.errors;
}

/** Under Wine on a busy machine a database may need more time than the two seconds that `health` gives it. */
async function typeUntilWell(line: string): Promise<string> {
  let printed = "";
  await until(async () => {
    printed = await type(line);
    return printed.startsWith("pass");
  }, line);
  return printed;
}

/** Registers the service, for what Wine's `sc` knows. */
async function register(): Promise<void> {
  const line = `"${PROGRAM}" windows-service fiscaut-tasks run`;
  const created = await bed.wine.run("sc", ["create", "fiscaut-tasks", "binPath=", line]);
  expect(await created.exited).toBe(0);
}

/** Windows' `net start` and `net stop` return when it is so, Wine's at once. */
async function inState(state: string): Promise<void> {
  await until(
    async () => (await bed.wine.run("sc", ["query", "fiscaut-tasks"])).output.includes(state),
    state,
    240_000,
  );
}

async function startWorker(): Promise<WineProcess> {
  const worker = bed.wine.start("cmd", ["/c", RUN], { cwd: folder, terminal: true });
  await worker.waitForOutput(/is running/, 240_000);
  return worker;
}

test("every line for Windows is run, and those for both", async () => {
  let worker: WineProcess | undefined;
  let serviceRuns = false;
  for (const { section, commands, quoted } of readSteps("reader", "wine")) {
    if (commands.some((line) => linuxOnly.test(line))) continue;
    let printed = "";
    // "Na pasta para onde a versão nova foi baixada", and then again "na pasta do executável".
    if (section === "Atualização") folder = DOWNLOADS;
    if (section === "Remoção") folder = win32.dirname(PROGRAM);
    // The service that the reader has installed by then.
    if (section === "Primeira sincronização" && !serviceRuns) {
      serviceRuns = true;
      await type("fiscaut-tasks service start");
      await inState("RUNNING");
    }
    for (const line of commands.map(onWindows)) {
      if (line === RUN) {
        worker = await startWorker();
        printed += worker.output;
      } else if (line.endsWith(" health")) printed += await typeUntilWell(line);
      else printed += await type(line);
      if (line.includes(" stop --wait")) {
        expect(await worker?.exited).toBe(0);
        worker = undefined;
      }
      if (line.endsWith(" config init")) {
        const written = readFileSync(bed.wine.hostPath(CONFIG), "utf8");
        bed.wine.writeFile(CONFIG, fillIn(written, here, `port = ${port}\nfiscaut-rate = "off"\n`));
      }
      const [, verb] = / service (start|stop)$/.exec(line.replaceAll('"', "")) ?? [];
      if (verb !== undefined) await inState(verb === "start" ? "RUNNING" : "STOPPED");
      // Where Task Scheduler keeps what it was given.
      if (line.endsWith("install --manager schtasks"))
        bed.wine.copyIn(bed.wine.hostPath(TASK), "C:\\windows\\system32\\Tasks\\fiscaut-tasks");
      if (line.includes("--manager nssm") && !line.includes("--dry-run")) await register();
    }
    expect({ commands, missing: missingIn(printed, quoted.map(here)) }).toEqual({ commands, missing: [] });
  }
});
