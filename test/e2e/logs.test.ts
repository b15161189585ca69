/** `logs` of the compiled executable: what a handler has logged, afterwards and as it comes. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createBed } from "./bed.ts";
import { execute, executeJson, startRun } from "./executable.ts";

const bed = createBed();
const secret = "hunter2-api-key";

/** Two companies, each worth a line; the secret stands where a line will tell of it. */
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "fiscaut-tasks-logs-"));
  await Bun.write(
    join(folder, "geempre.csv"),
    `codi_emp;razao_emp;cgce_emp\n1;JOSÉ ${secret};33000167000101\n2;MARIA;47960950000121\n`,
  );
  await Bun.write(
    join(folder, "effornece.csv"),
    `codi_emp;codi_for;cgce_for;nome_for;codi_cta\n1;7;;SEM CNPJ;\n`,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Line {
  n: number;
  attempt: number;
  message: string;
}

test("tells a task's lines as they come, then all of them, at every door alike", async () => {
  const env = { ...bed.env(), FISCAUT_API_KEY: secret };
  await executeJson(["migrate"], env);
  await executeJson(["company", "enable", "1", "2"], env);
  const payload = JSON.stringify({ allEnabled: true, source: `csv:${folder}` });
  const { id } = await executeJson<{ id: number }>(["enqueue", "fiscaut.sync-suppliers", payload], env);
  expect((await execute(["logs", String(id)], env)).stdout).toBe("nothing was logged\n");

  const follower = execute(["logs", String(id), "--follow"], env);
  const jsonFollower = execute(["logs", String(id), "--follow", "--json"], env);
  const worker = await startRun([], env);
  const followed = await follower;
  expect(followed.exitCode).toBe(0);
  expect(followed.stderr).toBe(`task ${id} is succeeded\n`);

  const lines = await executeJson<Line[]>(["logs", String(id)], env);
  expect(lines.map(({ n, attempt }) => [n, attempt])).toEqual([
    [1, 1],
    [2, 1],
  ]);
  for (const { message } of lines) expect(message).toStartWith("company ");
  expect(JSON.stringify(lines)).not.toContain(secret);
  expect(JSON.stringify(lines)).toContain("***");

  const printed = (await execute(["logs", String(id)], env)).stdout;
  expect(printed).toBe(followed.stdout);
  expect(printed.split("\n")[0]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}attempt 1 {2}company 1 /);
  const objects = (await jsonFollower).stdout.trimEnd().split("\n");
  expect(objects.map((text) => JSON.parse(text))).toEqual(lines);
  expect((await execute(["show", String(id)], env)).stdout).toContain("company 2 MARIA: nothing to send");
  const answer = await fetch(`${worker.url}/tasks/${id}/log?after=1`);
  expect(await answer.json()).toEqual({ id, state: "succeeded", lines: lines.slice(1), next: null });
  // The worker's own log goes on having them.
  expect(
    worker.lines.filter(({ task, message }) => task === id && String(message).startsWith("company ")),
  ).toHaveLength(2);
  expect(await worker.stop()).toBe(0);
}, 40_000);

test("of a task that there is not is exit code 1, and of what is no id 2", async () => {
  await executeJson(["migrate"], bed.env());
  for (const flags of [[], ["--follow"]]) {
    const unknown = await execute(["logs", "999999", ...flags], bed.env());
    expect([unknown.exitCode, unknown.stdout, unknown.stderr]).toEqual([
      1,
      "",
      "error: there is no task 999999\nTry: fiscaut-tasks list\n",
    ]);
  }
  expect((await execute(["logs", "x"], bed.env())).exitCode).toBe(2);
});
