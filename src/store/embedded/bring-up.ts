/**
 * The way from a folder to a server that answers: unpack, create, find or start, connect.
 * Must run under the start lock, which `embedded-postgres.ts` holds.
 */
import { chooseAccount } from "./account.ts";
import { readArchive } from "./archive.ts";
import { createClusterIfMissing } from "./cluster.ts";
import { ensureDatabase } from "./connect.ts";
import type { DataDir } from "./data-dir.ts";
import type { Launch } from "./launch.ts";
import { findServer, startServer, stopServer } from "./server.ts";
import { ensureUnpacked, removeOtherVersions, repair } from "./unpack.ts";

const vanishLimitMs = 1_000;

/** A server that answered, and the folder of the programs that can stop it. */
export interface RunningServer {
  readonly url: string;
  readonly binaries: string;
  readonly startedHere: boolean;
}

/** Finds the server of `dataDir` running, or does what is needed to have it run. */
export async function bringUp(dataDir: DataDir, onStep: (step: string) => void): Promise<RunningServer> {
  const archive = await readArchive();
  const account = await chooseAccount(dataDir);
  const binaries = await ensureUnpacked(dataDir, archive, onStep);
  const launch: Launch = { dataDir, binaries, account, onStep };

  const work = async (): Promise<RunningServer> => {
    const password = await createClusterIfMissing(launch, archive.manifest.major);
    const found = await findServer(launch);
    const port = found ?? (await startServer(launch));
    try {
      const url = await ensureDatabase(port, password);
      return { url, binaries, startedHere: found === undefined };
    } catch (fault) {
      // A server that we started and can't use would have nobody to stop it.
      if (found === undefined) await stopServer(dataDir, binaries);
      else if (await isVanishing(launch)) return await work();
      throw fault;
    }
  };
  // Damage in the programs shows as a failure to start that no advice would cure. Looking for it costs
  // reading 45 MB, so it is done only then.
  const running = await work().catch(async (fault) => {
    if (!(await repair(dataDir, archive, onStep))) throw fault;
    return work();
  });
  // Whoever started the server knows that no other version of Postgres runs here.
  if (running.startedHere) await removeOtherVersions(dataDir, binaries);
  return running;
}

/** A server that was killed is found for a moment more. */
async function isVanishing(launch: Launch): Promise<boolean> {
  const deadline = performance.now() + vanishLimitMs;
  while (performance.now() < deadline) {
    if ((await findServer(launch)) === undefined) return true;
    await Bun.sleep(10);
  }
  return false;
}
