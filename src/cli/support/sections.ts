/** What a support bundle holds of the installation, a section each. Putting them together is `bundle.ts`. */
import { showConfig } from "../../config/show.ts";
import type { Store } from "../../store/connection.ts";
import { readTail } from "../../store/embedded/log-file.ts";
import { readFigures } from "../../store/figures.ts";
import { listTasks } from "../../store/find.ts";
import { readWorkers } from "../../store/inspect/read-workers.ts";
import { listQueues } from "../../store/queues.ts";
import type { TaskSummary } from "../../task/task.ts";
import { buildInfo } from "../build-info.ts";
import { formatTable } from "../output/print.ts";
import { queueRow } from "../output/queue-row.ts";
import type { Prepared } from "../prepare.ts";

const listedTasks = 25;
/** Of pending tasks, where those with an error are looked for. */
const searchedTasks = 500;

export function versions(): string {
  const { version, commit, builtAt, target } = buildInfo;
  return [
    `fiscaut-tasks ${version}, commit ${commit}, ${builtAt}, ${target}`,
    `Bun ${Bun.version}, ${process.platform} ${process.arch}, uid ${process.getuid?.() ?? "-"}, pid ${process.pid}`,
    `time ${new Date().toISOString()}, zone ${Intl.DateTimeFormat().resolvedOptions().timeZone}`,
  ].join("\n");
}

/** Payloads of the schedules are left out, as all payloads are. */
export function configuration(prepared: Prepared): string {
  const settings = showConfig(prepared).map(({ key, text, origin }) => ({
    setting: key,
    value: text,
    origin,
  }));
  const schedules = prepared.schedules.map(({ name, cron, timeZone, task }) => ({
    schedule: name,
    cron,
    "time zone": timeZone,
    task: task.name,
  }));
  return [
    `configuration file: ${prepared.file ?? "none found"}`,
    formatTable(settings),
    ...(schedules.length === 0 ? [] : ["", formatTable(schedules)]),
  ].join("\n");
}

export async function queues(store: Store): Promise<string> {
  const [figures, known] = await Promise.all([readFigures(store), listQueues(store)]);
  const { depth, oldestDueMs, workers } = figures;
  const oldest = oldestDueMs === null ? "none waits" : `${Math.round(oldestDueMs / 1000)} s`;
  return `live tasks ${depth}, oldest due ${oldest}, live workers ${workers}\n${formatTable(known.map(queueRow))}`;
}

export const workers = async (store: Store) =>
  formatTable(
    (await readWorkers(store)).map(({ heartbeatAgeMs, live, startedAt, ...worker }) => ({
      ...worker,
      started: startedAt,
      "heartbeat, s ago": Math.round(heartbeatAgeMs / 1000),
      live: String(live),
    })),
  );

/** Of failed tasks, and of those that are tried again. */
export async function lastErrors(store: Store): Promise<string> {
  const [failed, pending] = await Promise.all([
    listTasks(store, { state: "failed" }, listedTasks),
    listTasks(store, { state: "pending" }, searchedTasks),
  ]);
  const retrying = pending.filter(({ error }) => error !== null).slice(0, listedTasks);
  return [...failed, ...retrying].map(describeError).join("\n") || "none";
}

function describeError({ id, name, queue, state, attempt, maxAttempts, error }: TaskSummary): string {
  const what = `task ${id} ${name} in ${queue}, ${state}, attempt ${attempt} of ${maxAttempts}`;
  const text = error === null ? "no error was kept" : `${error.at}  ${error.stack ?? error.message}`;
  return `${what}\n  ${text.replaceAll("\n", "\n  ")}`;
}

/** Of a log file. */
export const newestLines = async (path: string): Promise<string> => (await readTail(path, 0)).trimEnd();
