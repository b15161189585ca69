/**
 * The routes of schedules: list, show, add, remove, pause, resume, run. The rules of a schedule are
 * `task/doors/schedule.ts`'s, what is done with it `store/schedule/schedules.ts`'s.
 */
import type { Context } from "hono";
import type { PayloadCheck } from "../handlers/payload.ts";
import type { Store } from "../store/connection.ts";
import {
  addSchedule,
  findSchedule,
  listSchedules,
  pauseSchedule,
  removeSchedule,
  runScheduleNow,
} from "../store/schedule/schedules.ts";
import { checkNewSchedule, definedByFile, type Schedule } from "../task/doors/schedule.ts";
import { Problem } from "./problem.ts";
import { readJson, refuseQuery } from "./request.ts";
import type { Route } from "./route.ts";
import { scheduleJson } from "./schedule-json.ts";

export function scheduleRoutes({
  store,
  checkPayloads,
}: {
  store: Store;
  checkPayloads: PayloadCheck;
}): Route[] {
  return [
    {
      method: "GET",
      path: "/schedules",
      about: "schedules, by name",
      async handle(c) {
        refuseQuery(c);
        return c.json({ schedules: (await listSchedules(store)).map(scheduleJson) });
      },
    },
    {
      method: "POST",
      path: "/schedules",
      about:
        "define a schedule, or anew the one of that name: name, cron, task, and optionally timeZone, missed",
      async handle(c) {
        refuseQuery(c);
        const schedule = checkNewSchedule(await readJson(c));
        const { name, task } = schedule;
        await checkPayloads([task]);
        if ((await addSchedule(store, schedule)) === "file") throw definedByFile(name);
        const location = `/schedules/${encodeURIComponent(name)}`;
        return c.json(scheduleJson(await requireSchedule(store, name)), 201, { location });
      },
    },
    {
      method: "GET",
      path: "/schedules/:name",
      about: "a schedule with its task and its next tick",
      async handle(c) {
        refuseQuery(c);
        return c.json(scheduleJson(await requireSchedule(store, nameOf(c))));
      },
    },
    {
      method: "DELETE",
      path: "/schedules/:name",
      about: "remove a schedule; tasks that it has enqueued stay",
      async handle(c) {
        refuseQuery(c);
        const name = nameOf(c);
        const result = await removeSchedule(store, name);
        if (result === "unknown") throw unknownSchedule(name);
        if (result === "file") throw definedByFile(name);
        return c.json({ name, removed: true });
      },
    },
    {
      method: "POST",
      path: "/schedules/:name/pause",
      about: "let a schedule rest",
      handle: (c) => pause(c, store, true),
    },
    {
      method: "POST",
      path: "/schedules/:name/resume",
      about: "let a paused schedule go on with its next tick",
      handle: (c) => pause(c, store, false),
    },
    {
      method: "POST",
      path: "/schedules/:name/run-now",
      about: "enqueue a schedule's task now, beside its ticks",
      async handle(c) {
        refuseQuery(c);
        const name = nameOf(c);
        const id = await runScheduleNow(store, name);
        if (id === undefined) throw unknownSchedule(name);
        return c.json({ id, schedule: name }, 201, { location: `/tasks/${id}` });
      },
    },
  ];
}

async function pause(c: Context, store: Store, paused: boolean): Promise<Response> {
  refuseQuery(c);
  const name = nameOf(c);
  if (!(await pauseSchedule(store, name, paused))) throw unknownSchedule(name);
  return c.json(scheduleJson(await requireSchedule(store, name)));
}

async function requireSchedule(store: Store, name: string): Promise<Schedule> {
  const schedule = await findSchedule(store, name);
  if (schedule === undefined) throw unknownSchedule(name);
  return schedule;
}

const nameOf = (c: Context) => c.req.param("name") ?? "";

const unknownSchedule = (name: string) =>
  new Problem(404, `there is no schedule ${name}`, { hint: "GET /schedules lists them" });
