/** How each peer is set up; scripts/bench/README.md tells how the best ones were found. */

/** graphile-worker's `worker` options beyond the connection. */
export const graphile = {
  graphile: {},
  "graphile-best": {
    concurrentJobs: 24,
    maxPoolSize: 10,
    localQueue: { size: 1000 },
    completeJobBatchDelay: 0,
    failJobBatchDelay: 0,
  },
};

/** pg-boss's options of the instance, the queue and `work`. */
export const pgBoss = {
  "pg-boss": { instance: {}, queue: {}, work: {} },
  "pg-boss-best": {
    instance: { useListenNotify: true },
    queue: { notify: true },
    work: { batchSize: 500, localConcurrency: 2, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 },
  },
};

/** BullMQ's worker options beyond the connection. */
export const bullmq = { bullmq: { concurrency: 50 }, "bullmq-durable": { concurrency: 50 } };
