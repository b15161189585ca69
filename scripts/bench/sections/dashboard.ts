/** How long those wait who look, beside a million live and a million finished tasks. */
import { waitForWorker } from "../bed/calls.ts";
import { contenderCalled, type Section } from "../bed/run.ts";
import { startWorkers } from "../bed/workers.ts";
import { percentile } from "../measure/statistics.ts";
import { figure, table } from "../measure/table.ts";

const looks = 20;
const limitMs = 30_000;
const paths = [
  "/health",
  "/metrics",
  "/queues",
  "/tasks?limit=50",
  "/tasks?state=pending&limit=50",
  "/tasks?state=failed&limit=50",
  "/tasks?name=noop&limit=50",
  "/batches?limit=50",
  "/schedules",
  "/companies",
  "/sync",
];

export const dashboardSection: Section = {
  name: "dashboard",
  title: "Looking at it",
  async measure(run) {
    const count = run.options.size ?? 1_000_000;
    const contender = contenderCalled("ours");
    await using bed = await contender.open(run.servers);
    run.note(`dashboard: ${count} live and ${count} finished tasks are put there`);
    await bed.fill({ queued: count, finished: count });
    // It serves another queue, so that they stay.
    await using workers = await startWorkers(run.servers, contender, bed, { tasks: 0, elsewhere: true });
    await waitForWorker(workers.http);
    const rows: string[][] = [];
    for (const path of paths) {
      const tookMs: number[] = [];
      for (let look = 0; look < looks; look++) {
        const startedAtMs = performance.now();
        const answer = await fetch(`${workers.http}${path}`, { signal: AbortSignal.timeout(limitMs) });
        await answer.arrayBuffer();
        if (!answer.ok) throw new Error(`GET ${path} answered ${answer.status}`);
        tookMs.push(performance.now() - startedAtMs);
      }
      // The first may read from disk what the others find in memory.
      rows.push([
        `GET ${path}`,
        figure(tookMs[0] ?? 0),
        ...[50, 95].map((percent) => figure(percentile(tookMs, percent))),
      ]);
    }
    const head = ["", "first ms", "p50", "p95"];
    run.report(`${count} live, ${count} finished, each looked at ${looks} times\n\n${table(head, rows)}`);
  },
};
