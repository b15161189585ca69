/** All contenders, by their names on the command line. */
import { bullmq, bullmqDurable } from "./bullmq.ts";
import type { Contender } from "./contender.ts";
import { graphileAtBest, graphileAtDefaults } from "./graphile.ts";
import { ours, oursByHttp, oursWithoutHistory } from "./ours.ts";
import { pgBossAtBest, pgBossAtDefaults } from "./pg-boss.ts";
import { raw, rawWithoutHistory } from "./raw.ts";

export const contenders: readonly Contender[] = [
  ours,
  oursWithoutHistory,
  oursByHttp,
  graphileAtBest,
  graphileAtDefaults,
  pgBossAtBest,
  pgBossAtDefaults,
  bullmq,
  bullmqDurable,
  raw,
  rawWithoutHistory,
];
