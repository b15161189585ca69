/**
 * The Postgres of one test run, in a process of its own: when the process that runs the tests ends, however it
 * ends, this one's standard input ends too, and it stops the server and removes every file. See `postgres.ts`.
 */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEmbeddedPostgres } from "../src/store/embedded/embedded-postgres.ts";

// Ctrl+C reaches the whole process group; the end of the input says when to stop.
process.on("SIGINT", () => {});

const folder = await mkdtemp(join(tmpdir(), "fiscaut-tasks-test-"));
try {
  // Started by root, Postgres runs as somebody else, who must be able to enter.
  await chmod(folder, 0o755);
  const postgres = await openEmbeddedPostgres({ dataDir: join(folder, "data") });
  try {
    await Bun.write(Bun.stdout, `${postgres.url}\n`);
    await Bun.stdin.text();
  } finally {
    await postgres.close();
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
