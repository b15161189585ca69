/** A child process at its end, with all that it wrote. Starting it is each test's affair. */

export interface Finished {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Reads both of its streams at once, so that neither can fill up and hold it. */
export async function finished(
  child: Bun.Subprocess<Bun.SpawnOptions.Writable, "pipe", "pipe">,
): Promise<Finished> {
  const [stdout, stderr, exitCode] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { exitCode, stdout, stderr };
}
