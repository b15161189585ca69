/** What a queue is, and what may be changed of it. How claims hold to a pause or a limit is the store's affair. */
import { z } from "zod";
import { OperatorError } from "../errors.ts";
import { once } from "../once.ts";
import { fiscautQueue } from "../sync/record.ts";
import { parseRate, type Rate } from "../time/rate.ts";
import { describeIssues } from "./new-task.ts";

/** "failures": succeeded tasks leave no row, failed and cancelled ones do. */
export const historyRules = ["all", "failures"] as const;
export type HistoryRule = (typeof historyRules)[number];

export interface Queue {
  name: string;
  /** By an operator. */
  paused: boolean;
  /** By a worker, because what its tasks need is away; null: it is not held. */
  held: Hold | null;
  /** How many of its tasks may run at once, all workers together; null: as many as there are slots. */
  maxRunning: number | null;
  rate: Rate | null;
  /** Which of its finished tasks are kept, as long as the retention says. */
  history: HistoryRule;
  /** Due tasks that could start; with those that run counted to `queueCountLimit` at the most. */
  waiting: number;
  running: number;
}

export interface Hold {
  reason: string;
  since: Date;
  /** null: until what is away is back. */
  until: Date | null;
}

/** Counting a queue's tasks stops here. */
export const queueCountLimit = 10_000;

/** Not 0: that is a pause, and said so. Each claim looks up as many rows. */
export const maxRunningSchema = once(() => z.int().min(1).max(10_000));

const queueChangeSchema = once(() =>
  z
    .strictObject({
      paused: z.boolean().optional(),
      maxRunning: maxRunningSchema().nullable().optional(),
      rate: z.string().nullable().optional(),
      history: z.enum(historyRules).optional(),
    })
    .refine(
      (change) => Object.values(change).some((value) => value !== undefined),
      "nothing to change: give paused, maxRunning, rate or history",
    ),
);

/** As callers write it: `rate` as `60/1m`. What is left out stays as it is; null takes a limit away. */
export type QueueChangeInput = z.input<ReturnType<typeof queueChangeSchema>>;

export interface QueueChange {
  paused?: boolean | undefined;
  /** null takes the limit away. */
  maxRunning?: number | null | undefined;
  rate?: Rate | null | undefined;
  history?: HistoryRule | undefined;
}

/**
 * Checks a change of the queue `name` at a door.
 * @throws OperatorError "usage", naming every fault; "conflict" for the rate of the queue whose rate is a setting.
 */
export function checkQueueChange(name: string, input: unknown): QueueChange {
  const parsed = queueChangeSchema().safeParse(input);
  if (!parsed.success) throw new OperatorError("usage", describeIssues(parsed.error));
  if (name === fiscautQueue && parsed.data.rate !== undefined)
    throw new OperatorError(
      "conflict",
      `the rate of queue ${fiscautQueue} is the setting fiscaut-rate (FISCAUT_RATE)`,
      { hint: "set FISCAUT_RATE where the worker runs, and start it again" },
    );
  const { rate, ...rest } = parsed.data;
  return { ...rest, rate: typeof rate === "string" ? parseRate(rate) : rate };
}
