/** What a worker keeps in memory. */
import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { until } from "../until.ts";
import { createBed } from "./bed.ts";
import { executable, startRun } from "./executable.ts";

const bed = createBed();

/** Of the executable's code, in kB. */
async function residentCode(pid: number): Promise<number> {
  const mappings = (await readFile(`/proc/${pid}/smaps`, "utf8")).split(/\n(?=[0-9a-f]+-[0-9a-f]+ )/);
  const code = mappings.filter((text) => /^\S+ r-xp /.test(text) && text.includes(` ${executable}\n`));
  return code.reduce((sum, text) => sum + Number(/^Rss: +(\d+)/m.exec(text)?.[1]), 0);
}

test.if(process.platform === "linux")(
  "a worker that has settled lets go of the code that its start alone needed",
  async () => {
    const worker = await startRun([], bed.env());
    const started = await residentCode(worker.pid);
    expect(started).toBeGreaterThan(0);
    await until(async () => (await residentCode(worker.pid)) < (started * 3) / 4, 15_000);
    expect((await fetch(`${worker.url}/readyz`)).status).toBe(200);
    expect(await worker.stop()).toBe(0);
  },
  30_000,
);
