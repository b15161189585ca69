/** What the operator's guide, README.pt-BR.md, says of systemd and Supervisor, done line by line on a machine that has both. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { fillIn, missingIn, readSteps, type Step } from "../../test/e2e/guide.ts";
import { DIST } from "../build/paths.ts";
import { hostTarget } from "../build/targets.ts";
import { ServiceBed } from "./service-bed.ts";

const config = "/etc/fiscaut-tasks/fiscaut-tasks.toml";
const namesSupervisor = "--manager supervisor";

let bed: ServiceBed;
beforeAll(async () => {
  bed = await ServiceBed.open();
  bed.write("/usr/local/bin/sudo", '#!/bin/sh\nexec "$@"\n', 0o755);
  copyFileSync(join(DIST, hostTarget().executable), bed.path("/root/fiscaut-tasks-linux-x64"));
  const [first, init] = readSteps("reader");
  for (const step of [first, init]) if (step !== undefined) await follow(step);
  const written = await bed.mustRun(["cat", config]);
  // Nothing answers there, so nothing is sent.
  bed.write(
    config,
    fillIn(written, (line) => line.replace("https://fiscaut.example", "http://127.0.0.1:9")),
  );
}, 120_000);
afterAll(() => bed?.[Symbol.asyncDispose]());

/** Types a block, in the folder that the executable was brought to. */
async function follow({ commands, quoted }: Step): Promise<void> {
  let printed = "";
  for (const command of commands)
    printed += await bed.mustRun([
      "sh",
      "-c",
      `export PATH=/usr/local/bin:$PATH HOME=/root; cd /root && { ${command}\n} 2>&1`,
    ]);
  expect({ commands, missing: missingIn(printed, quoted) }).toEqual({ commands, missing: [] });
}

/** Blocks of both managers, and those of the one. */
const steps = readSteps("service");
const isOf = (manager: string) => (step: Step) => step.commands.some((line) => line.includes(manager));

test("systemd: install, start, status, stop, update, removal", async () => {
  for (const step of steps.filter((each) => !isOf(namesSupervisor)(each))) await follow(step);
  expect((await bed.service("status")).exitCode).toBe(4);
}, 120_000);

test("Supervisor: the same, with what the guide says to add", async () => {
  for (const step of steps.filter((each) => isOf(namesSupervisor)(each) || !isOf("journalctl")(each)))
    await follow({
      ...step,
      commands: step.commands.map((line) =>
        line.includes(" service ") && !line.includes(namesSupervisor) ? `${line} ${namesSupervisor}` : line,
      ),
    });
  expect((await bed.service("status", "--manager", "supervisor")).exitCode).toBe(4);
}, 120_000);
