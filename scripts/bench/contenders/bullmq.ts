/** BullMQ on Redis, for reference: it holds all in memory and, at Redis' defaults, loses the last seconds in a crash. */

import { runChild } from "../bed/children.ts";
import { peerProgram } from "../bed/peers.ts";
import { startRedis } from "../bed/redis-server.ts";
import type { Backlog, Contender } from "./contender.ts";

const fillWithinMs = 300_000;

const contender = (name: string, title: string, durable: boolean): Contender => ({
  name,
  title,
  caller: "bullmq",
  async open(servers) {
    const redis = await startRedis(servers.folder, durable);
    const env = { REDIS_URL: redis.url };
    async function fill(backlog: Backlog): Promise<void> {
      await runChild(peerProgram("fill-bullmq.mjs", JSON.stringify(backlog)), env, fillWithinMs);
    }
    return {
      env,
      fill,
      add: (count) => fill({ queued: count }),
      async countUnfinished() {
        return Number(await runChild(peerProgram("fill-bullmq.mjs", "unfinished"), env, 10_000));
      },
      [Symbol.asyncDispose]: () => redis.stop(),
    };
  },
  workerCommand: ({ elsewhere }) =>
    peerProgram("worker.mjs", name, elsewhere === true ? "elsewhere" : "noop"),
});

export const bullmq = contender("bullmq", "BullMQ on Redis, nothing on disk", false);
export const bullmqDurable = contender("bullmq-durable", "BullMQ on Redis, AOF always", true);
