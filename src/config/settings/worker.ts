/** What a worker claims, how it stops, and how long it keeps what has finished. */
import { priorityOrders } from "../../task/doors/priority-order.ts";
import * as kind from "../value-kinds.ts";
import { dayMs, define, hourMs, maxTimerMs, none, secondMs } from "./setting.ts";

export const workerSettings = {
  queue: define({
    property: "queues",
    kind: kind.names,
    env: "FISCAUT_TASKS_QUEUES",
    flag: true,
    default: {
      compute: (): readonly string[] => Object.freeze([]),
      text: "all queues",
      example: "default,night",
    },
    about: "Queues that the worker claims from. The flag may be repeated; in the file a list.",
  }),
  concurrency: define({
    property: "concurrency",
    kind: kind.integer("whole number", 1, 1000),
    env: "FISCAUT_TASKS_CONCURRENCY",
    flag: true,
    default: "10",
    about: "Tasks that the worker runs at once.",
  }),
  "priority-order": define({
    property: "priorityOrder",
    kind: kind.oneOf(...priorityOrders),
    env: "FISCAUT_TASKS_PRIORITY_ORDER",
    flag: true,
    default: "higher",
    about:
      "Which priority runs first: the higher number or, with `nice`, the lower. For the command line and HTTP, which should agree; handlers and the store have `higher`.",
  }),
  "poll-interval": define({
    property: "pollIntervalMs",
    kind: kind.duration(100, hourMs),
    env: "FISCAUT_TASKS_POLL_INTERVAL",
    flag: true,
    default: "5s",
    about: "How often the worker looks for due tasks when nothing wakes it.",
  }),
  lease: define({
    property: "leaseMs",
    kind: kind.duration(5 * secondMs, hourMs),
    env: "FISCAUT_TASKS_LEASE",
    flag: true,
    default: "25s",
    about: "How long a worker's heartbeat is trusted; after that its tasks run elsewhere.",
  }),
  "drain-timeout": define({
    property: "drainTimeoutMs",
    kind: kind.duration(0, maxTimerMs),
    env: "FISCAUT_TASKS_DRAIN_TIMEOUT",
    flag: true,
    default: "30s",
    about: "How long a stop waits for running tasks before it aborts them and gives them back.",
  }),
  duration: define({
    property: "durationMs",
    kind: kind.duration(secondMs, maxTimerMs),
    env: "FISCAUT_TASKS_DURATION",
    flag: true,
    default: none("no end", "12h"),
    about: "Stop the worker after this long.",
  }),
  drain: define({
    property: "drain",
    kind: kind.yesOrNo,
    env: "FISCAUT_TASKS_DRAIN",
    flag: true,
    default: "false",
    about: "Stop the worker when no due task is left.",
  }),
  "retention-succeeded": define({
    property: "retentionSucceededMs",
    kind: kind.durationOrForever(dayMs, 100 * 365 * dayMs),
    env: "FISCAUT_TASKS_RETENTION_SUCCEEDED",
    flag: true,
    default: "30d",
    about: "How long succeeded tasks are kept at least; within another week they are gone.",
  }),
  "retention-failed": define({
    property: "retentionFailedMs",
    kind: kind.durationOrForever(dayMs, 100 * 365 * dayMs),
    env: "FISCAUT_TASKS_RETENTION_FAILED",
    flag: true,
    default: "90d",
    about: "The same for failed tasks.",
  }),
  "retention-cancelled": define({
    property: "retentionCancelledMs",
    kind: kind.durationOrForever(dayMs, 100 * 365 * dayMs),
    env: "FISCAUT_TASKS_RETENTION_CANCELLED",
    flag: true,
    default: "30d",
    about: "The same for cancelled tasks.",
  }),
};
