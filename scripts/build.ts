/** `bun run build [--target NAME]...` makes the executables of dist/. The steps are in build/, a file each. */
import { parseArgs } from "node:util";
import { writeChecksums } from "./build/checksums.ts";
import { buildEditorFiles } from "./build/editor-files.ts";
import { buildExecutable, smokeRun } from "./build/executable.ts";
import { buildPostgresArchive } from "./build/postgres-archive.ts";
import { findTarget, type Target } from "./build/targets.ts";

const DEFAULT_TARGETS = ["linux-x64", "windows-x64"];

const { values } = parseArgs({ options: { target: { type: "string", multiple: true } } });
await tell("types for editors", async () => {
  const { bytes, cached } = await buildEditorFiles();
  return `${megabytes(bytes)}${cached ? ", made before" : ""}`;
});
for (const name of values.target ?? DEFAULT_TARGETS) await build(findTarget(name));
await tell("SHA256SUMS", async () => `${await writeChecksums()} executables`);

async function build(target: Target): Promise<void> {
  await tell(`${target.name}: Postgres`, async () => {
    const { bytes, cached } = await buildPostgresArchive(target);
    return `${megabytes(bytes)}${cached ? ", made before" : ""}`;
  });
  let path = "";
  await tell(`${target.name}: executable`, async () => {
    const built = await buildExecutable(target);
    path = built.path;
    return megabytes(built.bytes);
  });
  await tell(
    `${target.name}: --version`,
    async () => (await smokeRun(target, path)) ?? "not run: made for another system",
  );
}

/** Runs one step and prints what came of it, with the seconds that it took. */
async function tell(step: string, work: () => Promise<string>): Promise<void> {
  const startedAt = performance.now();
  const outcome = await work();
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(`${step.padEnd(26)} ${seconds.padStart(5)} s  ${outcome}\n`);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
