/**
 * A process of its own for the tests: opens the embedded Postgres of argv[2], tells so in JSON lines, and closes it when
 * its input ends. Compiled by `fixture.ts`, so that it carries the archive as the product does.
 */
import { openEmbeddedPostgres } from "../../../src/store/embedded/embedded-postgres.ts";
import { OperatorError } from "../../../src/task/errors.ts";

const tell = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`);

try {
  const opened = await openEmbeddedPostgres({
    dataDir: process.argv[2] ?? "",
    onStep: (step) => tell({ step }),
  });
  tell({ url: opened.url, startedHere: opened.startedHere });
  for await (const _ of Bun.stdin.stream());
  await opened.close();
  tell({ closed: true });
} catch (fault) {
  if (!(fault instanceof OperatorError)) throw fault;
  tell({ kind: fault.kind, message: fault.message, hint: fault.hint });
  process.exitCode = 1;
}
