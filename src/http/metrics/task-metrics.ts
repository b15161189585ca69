/**
 * Counts what the engine's events tell, by the task's name and queue. Never by its id, and never more than
 * `mostLanes` pairs: whoever enqueues chooses the names. The text's form is `exposition.ts`'s.
 */
import type { EngineEvent, TaskReference } from "../../task/events.ts";
import { type Family, Histogram, seriesOf } from "./exposition.ts";

const outcomes = ["succeeded", "errored", "snoozed", "failed", "cancelled", "given-back", "refused"] as const;
type CountedOutcome = (typeof outcomes)[number];
/** Of a task, but of none of its attempts' ends. */
type CountedEvent = "created" | "started" | "rescued" | "abandoned" | "pending-cancelled" | "wait-failed";

/** Seconds: a call of a near API to a report that takes an hour. */
const durationBounds = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600];

/** Pairs of name and queue with series of their own; all further ones are counted together as `other`. */
export const mostLanes = 200;
const other = "_other";

interface Lane extends Record<CountedEvent, number> {
  labels: { name: string; queue: string };
  outcomes: Record<CountedOutcome, number>;
  durations: Histogram;
}

export class TaskMetrics {
  /** By name, then queue: no text is put together for an event. */
  readonly #lanes = new Map<string, Map<string, Lane>>();
  #count = 0;
  #leasesLost = 0;

  /** The subscriber: some hundred nanoseconds an event. */
  take(event: EngineEvent): void {
    switch (event.kind) {
      case "created":
      case "started":
      case "rescued":
      case "abandoned":
      case "pending-cancelled":
      case "wait-failed":
        this.#laneOf(event.task)[event.kind] += 1;
        break;
      case "batch-created":
        for (const { count, ...lane } of event.added) this.#laneOf(lane).created += count;
        break;
      case "lease-lost":
        this.#leasesLost += 1;
        break;
      case "succeeded":
      case "errored":
      case "snoozed":
      case "failed":
      case "cancelled":
      case "given-back":
      case "refused": {
        const lane = this.#laneOf(event.task);
        lane.outcomes[event.kind] += 1;
        lane.durations.observe(event.durationMs / 1000);
      }
    }
  }

  /** What was counted so far. */
  families(): Family[] {
    const lanes = [...this.#lanes.values()].flatMap((queues) => [...queues.values()]);
    const counter = (what: CountedEvent, help: string): Family => {
      const name = `fiscaut_tasks_${what.replaceAll("-", "_")}_total`;
      const samples = lanes.map((lane) => [seriesOf(name, lane.labels), lane[what]] as const);
      return { name, type: "counter", help, samples };
    };
    return [
      counter("created", "Tasks enqueued by this worker: its HTTP API, handlers, schedules."),
      counter("started", "Attempts that this worker has started."),
      {
        name: "fiscaut_tasks_attempts_total",
        type: "counter",
        help: "Attempts that have ended, by outcome; refused: the task had been taken from this worker.",
        samples: lanes.flatMap((lane) =>
          outcomes.map((outcome) => {
            const series = seriesOf("fiscaut_tasks_attempts_total", { ...lane.labels, outcome });
            return [series, lane.outcomes[outcome]] as const;
          }),
        ),
      },
      {
        name: durationName,
        type: "histogram",
        help: "How long attempts took.",
        samples: lanes.flatMap((lane) => [...lane.durations.samples()]),
      },
      counter("rescued", "Tasks that this worker has taken from dead workers."),
      counter("abandoned", "Handlers that went on after their abort."),
      counter("wait-failed", "Tasks that failed unrun: one that they waited for has not succeeded."),
      counter("pending-cancelled", "Pending tasks cancelled over this worker's HTTP API or by its handlers."),
      {
        name: "fiscaut_tasks_leases_lost_total",
        type: "counter",
        help: "Times that this worker could not renew its lease.",
        samples: [["fiscaut_tasks_leases_lost_total", this.#leasesLost]],
      },
    ];
  }

  #laneOf({ name, queue }: Pick<TaskReference, "name" | "queue">): Lane {
    return this.#lanes.get(name)?.get(queue) ?? this.#addLane(name, queue);
  }

  #addLane(name: string, queue: string): Lane {
    const isOther = name === other && queue === other;
    if (this.#count >= mostLanes && !isOther) return this.#laneOf({ name: other, queue: other });
    const labels = { name, queue };
    const lane: Lane = {
      labels,
      created: 0,
      started: 0,
      rescued: 0,
      abandoned: 0,
      "pending-cancelled": 0,
      "wait-failed": 0,
      outcomes: {
        succeeded: 0,
        errored: 0,
        snoozed: 0,
        failed: 0,
        cancelled: 0,
        "given-back": 0,
        refused: 0,
      },
      durations: new Histogram(durationName, labels, durationBounds),
    };
    const queues = this.#lanes.get(name);
    if (queues === undefined) this.#lanes.set(name, new Map([[queue, lane]]));
    else queues.set(queue, lane);
    this.#count += 1;
    return lane;
  }
}

const durationName = "fiscaut_tasks_attempt_duration_seconds";
