/**
 * What the Windows tests share: Wine with the executable installed, a worker in it, a task that runs as long as it is
 * held, a folder of suppliers. What a worker must then do is the tests' own affair.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";
import { commandLine } from "../../src/service/windows/words.ts";
import { Wine } from "./wine.ts";
import { LIMIT_MS, type WineProcess } from "./wine-process.ts";
import { layWineRoot } from "./wine-root.ts";

/** As it was built. */
export const EXECUTABLE = join(import.meta.dir, "../../dist/fiscaut-tasks-windows-x64.exe");
export const PROGRAM = "C:\\Program Files\\fiscaut-tasks\\fiscaut-tasks.exe";
const CONSOLE_EVENT = "C:\\test\\console-event.ts";
const SUPERVISOR = "C:\\test\\supervisor.ts";
const STOP_FILE = "C:\\test\\stop";
const LET_GO_FILE = "C:\\test\\let-go";
/** Where the handler of held tasks is: for `--handlers`. */
export const HANDLERS = "C:\\Rotinas do escritório";

/** CNPJ of the company whose suppliers `writeSuppliers` writes. */
export const COMPANY = "33000167000101";
/** CNPJs of the suppliers that can be sent, by name. */
export const SUPPLIERS: Record<string, string> = {
  "NATURA COSMÉTICOS S/A": "71673990000177",
  "TELEFÔNICA BRASIL S.A.": "02558157000162",
  "GLOBO COMUNICAÇÃO E PARTICIPAÇÕES S/A": "27865757000102",
};

/** A worker that takes requests. */
export type RunningWorker = {
  readonly process: WineProcess;
  /** Of its HTTP server, as Linux reaches it. */
  readonly url: string;
};

/** The executable on a fresh C: drive. */
export class WorkerBed implements AsyncDisposable {
  readonly wine: Wine;

  private constructor(wine: Wine) {
    this.wine = wine;
  }

  static async open(): Promise<WorkerBed> {
    const root = await layWineRoot((line) => process.stdout.write(`${line}\n`));
    const wine = await Wine.open(root);
    try {
      wine.copyIn(EXECUTABLE, PROGRAM);
      wine.copyIn(join(import.meta.dir, "console-event.ts"), CONSOLE_EVENT);
      wine.copyIn(join(import.meta.dir, "supervisor.ts"), SUPERVISOR);
      wine.writeFile(
        `${HANDLERS}\\held.ts`,
        `import { existsSync } from "node:fs";
         import { defineHandler } from "fiscaut-tasks";
         export default defineHandler({
           async run(_, { signal }) {
             while (!existsSync(${JSON.stringify(LET_GO_FILE)})) {
               signal.throwIfAborted();
               await Bun.sleep(50);
             }
             return "whole";
           },
         });`,
      );
      return new WorkerBed(wine);
    } catch (error) {
      await wine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts one command and goes on. */
  start(args: string[], env: Record<string, string> = {}): WineProcess {
    return this.wine.start(PROGRAM, args, { env });
  }

  /** Runs one command to its end. */
  async run(args: string[], env: Record<string, string> = {}, cwd = "C:\\"): Promise<WineProcess> {
    return await this.wine.run(PROGRAM, args, { env, cwd });
  }

  /** Runs one command that must succeed and print JSON, and gives that. */
  async runForJson(args: string[], env: Record<string, string> = {}): Promise<unknown> {
    const command = await this.run([...args, "--json"], env);
    if ((await command.exited) !== 0) throw new Error(`${args.join(" ")} failed\n${command.describe()}`);
    return JSON.parse(command.output);
  }

  /** Starts `run` in a console of its own and waits until it is ready. */
  async startWorker(args: string[], env: Record<string, string>): Promise<RunningWorker> {
    const worker = this.wine.start(PROGRAM, ["run", "--port", "0", ...args], { env, terminal: true });
    const [url] = await worker.waitForOutput(/http:\/\/127\.0\.0\.1:\d+/);
    await until(async () => (await fetch(`${url}/readyz`)).status === 200, `${url}/readyz is 200`);
    return { process: worker, url };
  }

  /**
   * Starts `run` as NSSM does, see `supervisor.ts`.
   * @returns the supervisor, which ends with the worker's exit code.
   */
  async startSupervised(url: string, args: string[], env: Record<string, string>): Promise<WineProcess> {
    const line = commandLine([PROGRAM, "run", "--port", new URL(url).port, ...args]);
    const words = [SUPERVISOR, STOP_FILE, line];
    const supervisor = this.wine.start(PROGRAM, words, { env: { ...env, BUN_BE_BUN: "1" } });
    await until(async () => (await fetch(`${url}/readyz`)).status === 200, `${url}/readyz is 200`);
    return supervisor;
  }

  /** Has the supervisor send its Ctrl+C. */
  stopSupervised(): void {
    this.wine.writeFile(STOP_FILE, "");
  }

  /** Enqueues a task that runs until `letGo`, and waits until it does. @returns its id. */
  async startHeldTask(url: string): Promise<number> {
    rmSync(this.wine.hostPath(LET_GO_FILE), { force: true });
    const id = await enqueue(url, { name: "held" });
    await until(async () => (await shownTask(url, id))["state"] === "running", "the task runs");
    return id;
  }

  letGo(): void {
    this.wine.writeFile(LET_GO_FILE, "");
  }

  /** The Windows pid of the only worker, which it wrote beside its heartbeat. */
  async pidOfWorker(databaseUrl: string): Promise<number> {
    const sql = postgres(databaseUrl, { max: 1 });
    try {
      const [row] = await sql`SELECT pid FROM fiscaut_tasks.worker`;
      return row?.["pid"];
    } finally {
      await sql.end();
    }
  }

  /** Raises Ctrl+Break in a process, by its Windows pid. No terminal has a key for it that Wine knows. */
  async raiseCtrlBreak(pid: number): Promise<void> {
    // The executable serves as the Bun that runs the script: BUN_BE_BUN is Bun's own switch.
    const raising = await this.run([CONSOLE_EVENT, "1", String(pid)], { BUN_BE_BUN: "1" });
    if ((await raising.exited) !== 0) throw new Error(`Ctrl+Break was not raised\n${raising.describe()}`);
  }

  /** Writes the files that Domínio's export has, as Excel on a Brazilian Windows saves them. */
  writeSuppliers(windowsFolder: string): void {
    const folder = this.wine.hostPath(windowsFolder);
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, "geempre.csv"),
      Buffer.from(`codi_emp;cgce_emp;razao_emp\r\n1;${COMPANY};EMPRESA DE TESTE\r\n`, "latin1"),
    );
    const rows = Object.entries(SUPPLIERS).map(([name, cnpj], at) => `1;0000${at};${cnpj};${name};2000${at}`);
    const skipped = "1;00009;;SEM CNPJ LTDA;20009";
    const header = "codi_emp;codi_for;cgce_for;nome_for;codi_cta";
    const text = `${[header, ...rows, skipped].join("\r\n")}\r\n`;
    writeFileSync(join(folder, "effornece.csv"), Buffer.from(text, "latin1"));
    writeFileSync(
      join(folder, "efclientes.csv"),
      "codi_emp;codi_cli;cgce_cli;nome_cli;codi_cta\r\n1;1;71673990000177;CLIENTE LTDA;\r\n",
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.wine[Symbol.asyncDispose]();
  }
}

/** Asks again until `condition` holds; one that throws does not hold yet. @throws Error when `limitMs` have passed. */
export async function until(
  condition: () => Promise<boolean>,
  what: string,
  limitMs = LIMIT_MS,
): Promise<void> {
  const deadline = Date.now() + limitMs;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      if (await condition()) return;
    } catch (error) {
      last = error;
    }
    await Bun.sleep(100);
  }
  throw new Error(`not within ${limitMs} ms: ${what}`, { cause: last });
}

/** Enqueues over HTTP. @returns the task's id. */
export async function enqueue(url: string, task: Record<string, unknown>): Promise<number> {
  const response = await fetch(`${url}/tasks`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(task),
  });
  if (response.status !== 201) throw new Error(`not enqueued: ${await response.text()}`);
  return ((await response.json()) as { id: number }).id;
}

/** The task as `GET /tasks/:id` shows it. */
export async function shownTask(url: string, id: number): Promise<Record<string, unknown>> {
  return (await (await fetch(`${url}/tasks/${id}`)).json()) as Record<string, unknown>;
}

/** Waits for a task's end and gives the task. */
export async function finishedTask(url: string, id: number): Promise<Record<string, unknown>> {
  let task: Record<string, unknown> = {};
  await until(async () => {
    task = await shownTask(url, id);
    return typeof task["finishedAt"] === "string";
  }, `task ${id} has finished`);
  return task;
}
