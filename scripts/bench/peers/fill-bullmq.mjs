/** `fill-bullmq.mjs JSON`: puts a backlog there, see `contender.ts`; `fill-bullmq.mjs unfinished` prints how many are left. */
import { Queue } from "bullmq";
import { Redis } from "ioredis";

const chunk = 2_000;
const pad = "x".repeat(180);
const connection = new Redis(process.env.REDIS_URL, { maxRetriesPerRequest: null });
const queue = new Queue("noop", { connection });
const [asked] = process.argv.slice(2);

if (asked === "unfinished") {
  const { wait, active, prioritized } = await queue.getJobCounts("wait", "active", "prioritized");
  process.stdout.write(String(wait + active + prioritized));
} else {
  const { queued, future = 0 } = JSON.parse(asked);
  await fill(queued, {});
  await fill(future, { delay: 86_400_000 });
}
await queue.close();
connection.disconnect();

async function fill(count, opts) {
  for (let from = 0; from < count; from += chunk) {
    const length = Math.min(chunk, count - from);
    await queue.addBulk(
      Array.from({ length }, (_, n) => ({ name: "noop", data: { i: from + n, pad }, opts })),
    );
  }
}
