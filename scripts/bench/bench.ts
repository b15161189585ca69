/** `bun run bench [SECTION...]`: how fast we are beside other queues. `README.md` here tells what, how and why. */
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildWhenOld } from "./bed/build.ts";
import { stopAllChildren } from "./bed/children.ts";
import { installPeers } from "./bed/peers.ts";
import { type PostgresServer, startPostgres } from "./bed/postgres-server.ts";
import { findRedis } from "./bed/redis-server.ts";
import { contenderCalled, type Run, type Section } from "./bed/run.ts";
import { contenders } from "./contenders/all.ts";
import { costSection } from "./sections/cost.ts";
import { dashboardSection } from "./sections/dashboard.ts";
import { drainBesideSection, drainManySection, drainSection } from "./sections/drain.ts";
import { emptyClaimSection } from "./sections/empty-claim.ts";
import { enqueueSection } from "./sections/enqueue.ts";
import { idleSection } from "./sections/idle.ts";
import { latencySection } from "./sections/latency.ts";
import { scaleOutSection } from "./sections/scale-out.ts";
import { startSection } from "./sections/start.ts";
import { sustainedSection } from "./sections/sustained.ts";

const sections: readonly Section[] = [
  enqueueSection,
  drainSection,
  costSection,
  latencySection,
  idleSection,
  startSection,
  scaleOutSection,
  emptyClaimSection,
  sustainedSection,
  dashboardSection,
  drainBesideSection,
  drainManySection,
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "3" },
    contenders: { type: "string", default: "" },
    size: { type: "string" },
    seconds: { type: "string" },
    output: { type: "string" },
  },
});
const wrong = positionals.find((name) => !sections.some((section) => section.name === name));
if (wrong !== undefined) {
  process.stderr.write(`there is no section ${wrong}: ${sections.map(({ name }) => name).join(", ")}\n`);
  process.exit(2);
}
const chosen = sections.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const asked = values.contenders === "" ? [] : values.contenders.split(",");
for (const name of asked) contenderCalled(name);

const folder = await mkdtemp(join(tmpdir(), "fiscaut-tasks-bench-"));
// Started by root, Postgres runs as somebody else, who must be able to enter.
await chmod(folder, 0o755);
let starting: Promise<PostgresServer> | undefined;
let cleaning: Promise<void> | undefined;
let isInterrupted = false;
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => {
    isInterrupted = true;
    void cleanUp().then(() => process.exit(130));
  });

const parts: string[] = [];
let exitCode = 0;
try {
  await buildWhenOld();
  await installPeers();
  const hasRedis = await findRedis();
  starting = startPostgres(folder);
  const postgres = await starting;
  report(
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores, Postgres ${postgres.version}, Bun ${Bun.version}, ${values.rounds} rounds.`,
  );
  if (!hasRedis) report("There is no redis-server here: BullMQ is left out.");
  const run: Run = {
    servers: { postgres, folder },
    options: {
      rounds: Number(values.rounds),
      contenders: asked,
      size: values.size === undefined ? undefined : Number(values.size),
      seconds: values.seconds === undefined ? undefined : Number(values.seconds),
    },
    available: contenders.filter(({ name }) => hasRedis || !name.startsWith("bullmq")),
    note: (text) => process.stderr.write(`${text}\n`),
    report,
  };
  for (const section of chosen) {
    report(`## ${section.title}`);
    await section.measure(run);
  }
} catch (error) {
  exitCode = 1;
  if (cleaning === undefined) process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
} finally {
  if (values.output !== undefined) await writeFile(values.output, parts.join("\n"));
  await cleanUp();
}
process.exit(isInterrupted ? 130 : exitCode);

function report(markdown: string): void {
  parts.push(`${markdown.trimEnd()}\n`);
  process.stdout.write(`${markdown.trimEnd()}\n\n`);
}

function cleanUp(): Promise<void> {
  cleaning ??= takeAway();
  return cleaning;
}

async function takeAway(): Promise<void> {
  await stopAllChildren();
  // Also when the run is ended while it starts.
  const postgres = await starting?.catch(() => undefined);
  await postgres?.close();
  await rm(folder, { recursive: true, force: true });
}
