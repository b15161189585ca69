/**
 * How `stop` finds the workers of a data folder and asks them to end: by files in there, so that whoever may write
 * the folder may stop them and nobody else, on every system and with whatever database. What a worker does when it
 * is asked is `run-worker.ts`'s affair.
 *
 * A worker holds ID.lock until its process is gone, and says in ID.json who it is; ID.stop asks it to end. The lock is
 * never given back by hand: it tells of the process, not of what the process believes. Files of ended ones are removed
 * by the next that looks.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { claimDataDir, type DataDir } from "../../store/embedded/data-dir.ts";
import { explainFileFault, isMissing } from "../../store/embedded/faults.ts";
import { ProcessLock } from "../../store/embedded/process-lock.ts";
import { codeOf } from "../../task/thrown.ts";

const folder = "workers";
const pollMs = 250;

export interface WorkerCard {
  pid: number;
  version: string;
  startedAt: string;
  /** How long its stop may wait for tasks. */
  drainTimeoutMs: number;
}

export interface FoundWorker extends WorkerCard {
  askToStop(): Promise<void>;
  /** Whether its process is there still. */
  runs(): Promise<boolean>;
}

/**
 * Makes this process one that `stop` finds.
 * @param onStop called once, when somebody asks.
 * @returns when disposed of, no request is heard any more; the worker is found until its process is gone.
 * @throws OperatorError "config" or "unavailable" when the data folder can't be used.
 */
export async function announceWorker(
  dataDirPath: string,
  card: WorkerCard,
  onStop: () => void,
): Promise<Disposable> {
  const dataDir = await claimDataDir(dataDirPath, () => {});
  await findIn(dataDir);
  const id = crypto.randomUUID();
  try {
    const path = join(dataDir.path, folder);
    await mkdir(path, { recursive: true, mode: 0o700 });
    await dataDir.handOver(path);
    await ProcessLock.takeAlone(dataDir, fileOf(id, "lock"), () => {});
    // Renamed, so that nobody reads half of it.
    const partial = join(dataDir.path, fileOf(id, "new"));
    await writeFile(partial, JSON.stringify(card));
    await dataDir.handOver(partial);
    await rename(partial, join(dataDir.path, fileOf(id, "json")));
  } catch (fault) {
    throw explainFileFault(fault, dataDir.path);
  }
  const request = join(dataDir.path, fileOf(id, "stop"));
  // Watching would need care on network drives and under Wine; asking costs microseconds.
  const timer = setInterval(() => {
    if (!existsSync(request)) return;
    clearInterval(timer);
    onStop();
  }, pollMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/**
 * The workers that run on this machine with the data folder, oldest first.
 * @throws OperatorError "config" when the folder can't be read and written.
 */
export async function findWorkers(dataDirPath: string): Promise<FoundWorker[]> {
  // Looking must not make a folder: the path may be mistyped.
  if (!existsSync(join(dataDirPath, folder))) return [];
  return await findIn(await claimDataDir(dataDirPath, () => {}));
}

async function findIn(dataDir: DataDir): Promise<FoundWorker[]> {
  const found = await Promise.all((await readIds(dataDir)).map((id) => look(dataDir, id)));
  return found
    .filter((worker) => worker !== undefined)
    .sort((one, other) => one.startedAt.localeCompare(other.startedAt));
}

async function readIds(dataDir: DataDir): Promise<string[]> {
  try {
    const names = await readdir(join(dataDir.path, folder));
    return names.filter((name) => name.endsWith(".json")).map((name) => name.slice(0, -".json".length));
  } catch (fault) {
    if (isMissing(fault)) return [];
    throw explainFileFault(fault, join(dataDir.path, folder));
  }
}

async function look(dataDir: DataDir, id: string): Promise<FoundWorker | undefined> {
  const runs = () => ProcessLock.isHeldAlone(dataDir, fileOf(id, "lock"));
  try {
    if (!(await runs())) {
      await sweep(dataDir, id);
      return undefined;
    }
    const card = JSON.parse(await readFile(join(dataDir.path, fileOf(id, "json")), "utf8")) as WorkerCard;
    return { ...card, runs, askToStop: () => request(dataDir, id) };
  } catch (fault) {
    if (isMissing(fault)) return undefined; // it has ended, and another that looked removed it
    throw explainFileFault(fault, join(dataDir.path, folder));
  }
}

async function request(dataDir: DataDir, id: string): Promise<void> {
  const path = join(dataDir.path, fileOf(id, "stop"));
  try {
    await writeFile(path, "");
  } catch (fault) {
    throw explainFileFault(fault, path);
  }
}

/** The lock last, and the card before it: a card is what makes others look. */
async function sweep(dataDir: DataDir, id: string): Promise<void> {
  for (const kind of ["json", "stop", "lock"] as const)
    await rm(join(dataDir.path, fileOf(id, kind)), { force: true }).catch((fault) => {
      // Windows removes no file that another who looks has open: he will.
      if (!["EBUSY", "EPERM", "EACCES"].includes(codeOf(fault) ?? "")) throw fault;
    });
}

const fileOf = (id: string, kind: "lock" | "json" | "new" | "stop") => join(folder, `${id}.${kind}`);
