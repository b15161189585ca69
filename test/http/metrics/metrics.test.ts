/** What Prometheus scrapes: the text's form, its numbers, and its bounds. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { seriesOf } from "../../../src/http/metrics/exposition.ts";
import { mostLanes, TaskMetrics } from "../../../src/http/metrics/task-metrics.ts";
import type { DoorEvent, EngineEvent } from "../../../src/task/events.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";
import { buildApp, openUnreachableStore, postJson } from "../app-under-test.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const task = { id: 4711, name: "a", queue: "q", attempt: 1 };
const scrape = async (app: ReturnType<typeof buildApp>) => (await app.request("/metrics")).text();

/** Every line is a comment or a sample, each family is described once and before its samples. */
function parse(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  const described: string[] = [];
  for (const line of text.trimEnd().split("\n")) {
    const help = /^# HELP (\w+) \S.*$/.exec(line)?.[1];
    if (help !== undefined) {
      expect(described).not.toContain(help);
      described.push(help);
      continue;
    }
    const type = /^# TYPE (\w+) (?:counter|gauge|histogram)$/.exec(line)?.[1];
    if (type !== undefined) {
      expect(type).toBe(described.at(-1) ?? "");
      continue;
    }
    const [, series = "", name = "", value = ""] =
      /^((fiscaut_tasks_\w+?)(?:\{(?:\w+="(?:[^"\\\n]|\\.)*",?)+\})?) (\S+)$/.exec(line) ?? [];
    expect(name.replace(/_(bucket|sum|count)$/, "")).toBe(described.at(-1)?.replace(/_count$/, "") ?? line);
    expect(samples.has(series)).toBe(false);
    expect(Number(value)).not.toBeNaN();
    samples.set(series, Number(value));
  }
  return samples;
}

describe("GET /metrics", () => {
  test("is Prometheus' text: what was built, the worker and the database as the health check saw it", async () => {
    const app = buildApp(database.store, { metrics: new TaskMetrics(), releaseId: "abc1234" });
    const response = await app.request("/metrics");
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const samples = parse(await response.text());
    expect(samples.get('fiscaut_tasks_build_info{version="1.2.3",commit="abc1234"}')).toBe(1);
    expect(samples.get("fiscaut_tasks_running")).toBe(1);
    expect(samples.get("fiscaut_tasks_slots")).toBe(4);
    expect(samples.get("fiscaut_tasks_database_up")).toBe(1);
    expect(samples.get("fiscaut_tasks_queue_depth")).toBe(0);
    expect(samples.get('fiscaut_tasks_queue_held{queue="fiscaut"}')).toBe(0);
  });

  test("counts a task's life by name, queue and outcome, and never shows its id", async () => {
    const metrics = new TaskMetrics();
    const events: EngineEvent[] = [
      { kind: "created", task },
      { kind: "batch-created", batchId: 1, added: [{ name: "a", queue: "q", count: 1_000 }] },
      { kind: "started", task },
      { kind: "errored", task, durationMs: 20, message: "m", delayMs: 1 },
      { kind: "started", task },
      { kind: "snoozed", task, durationMs: 20, delayMs: 1 },
      { kind: "started", task },
      { kind: "succeeded", task, durationMs: 2_000 },
      { kind: "given-back", task, durationMs: 1 },
      { kind: "refused", task, durationMs: 7_200_000 },
      { kind: "rescued", task, workerId: 1, state: "failed" },
      { kind: "lease-lost", workerId: 1, running: 0 },
    ];
    for (const event of events) metrics.take(event);
    const text = await scrape(buildApp(database.store, { metrics }));
    expect(text).not.toContain("4711");
    const samples = parse(text);
    const of = (name: string, labels = {}) =>
      samples.get(seriesOf(`fiscaut_tasks_${name}`, { name: "a", queue: "q", ...labels }));
    expect(of("created_total")).toBe(1_001);
    expect(of("started_total")).toBe(3);
    expect(of("rescued_total")).toBe(1);
    expect(samples.get("fiscaut_tasks_leases_lost_total")).toBe(1);
    const outcomes = ["errored", "snoozed", "succeeded", "given-back", "refused", "failed", "cancelled"];
    expect(outcomes.map((outcome) => of("attempts_total", { outcome }))).toEqual([1, 1, 1, 1, 1, 0, 0]);
    const buckets = ["0.005", "0.025", "1", "2.5", "3600", "+Inf"];
    expect(buckets.map((le) => of("attempt_duration_seconds_bucket", { le }))).toEqual([1, 3, 3, 4, 4, 5]);
    expect(of("attempt_duration_seconds_count")).toBe(5);
    expect(of("attempt_duration_seconds_sum")).toBeCloseTo(7_202.041);
  });

  test("counts what is enqueued and cancelled over HTTP", async () => {
    const metrics = new TaskMetrics();
    const store = { ...database.store, onEvent: (event: DoorEvent) => metrics.take(event) };
    const app = buildApp(store, { metrics });
    const created = await app.request("/tasks", postJson({ name: "elsewhere", queue: "slow" }));
    const { id } = (await created.json()) as { id: number };
    await app.request(`/tasks/${id}/cancel`, { method: "POST" });
    await app.request("/tasks", postJson({ name: "no good" }));
    const samples = parse(await scrape(app));
    expect(samples.get('fiscaut_tasks_created_total{name="elsewhere",queue="slow"}')).toBe(1);
    expect(samples.get('fiscaut_tasks_pending_cancelled_total{name="elsewhere",queue="slow"}')).toBe(1);
  });

  test("has a bounded number of series, however many names and queues are made up", async () => {
    const metrics = new TaskMetrics();
    for (let n = 0; n < 10 * mostLanes; n++) {
      metrics.take({ kind: "started", task: { ...task, name: `n${n}` } });
      metrics.take({ kind: "started", task: { ...task, name: "_other", queue: `q${n}` } });
    }
    const samples = parse(await scrape(buildApp(database.store, { metrics })));
    const started = [...samples].filter(([series]) => series.startsWith("fiscaut_tasks_started_total"));
    expect(started.length).toBe(mostLanes + 1);
    expect(started.reduce((sum, [, value]) => sum + value, 0)).toBe(20 * mostLanes);
  });

  test("says that the database is down rather than fail", async () => {
    const store = openUnreachableStore();
    const samples = parse(await scrape(buildApp(store, { metrics: new TaskMetrics() })));
    expect(samples.get("fiscaut_tasks_database_up")).toBe(0);
    expect(samples.has("fiscaut_tasks_queue_depth")).toBe(false);
    await store.close();
  });

  test("needs the token where there is one", async () => {
    const app = buildApp(database.store, { metrics: new TaskMetrics(), token: "s3cret-token" });
    expect((await app.request("/metrics")).status).toBe(401);
    const headers = { authorization: "Bearer s3cret-token" };
    expect((await app.request("/metrics", { headers })).status).toBe(200);
  });
});

test("a label's value is escaped", () => {
  expect(seriesOf("m", { a: 'x"\\\n' })).toBe('m{a="x\\"\\\\\\n"}');
});
