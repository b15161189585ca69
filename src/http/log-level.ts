/** The routes of the log's level. What changing it means is the composition root's affair. */
import { z } from "zod";
import { describeIssues } from "../task/doors/new-task.ts";
import { once } from "../task/once.ts";
import { readDuration } from "../task/time/duration.ts";
import { Problem } from "./problem.ts";
import { readJson, refuseQuery } from "./request.ts";
import type { Route } from "./route.ts";

const levels = ["debug", "info", "warn", "error"] as const;
type Level = (typeof levels)[number];

interface LevelReading {
  level: Level;
  configured: Level;
  until: Date | null;
}

export interface LogLevelRoutesOptions {
  logLevel: {
    read(): LevelReading;
    set(level: Level, forMs: number | undefined): LevelReading;
  };
}

/** The longest that a timer can be told. */
const longestMs = 24 * 86_400_000;

const change = once(() =>
  z.strictObject({
    level: z.enum(levels),
    for: z
      .string()
      .transform((text, context) => {
        const ms = readDuration(text);
        if (typeof ms === "number" && ms > 0 && ms <= longestMs) return ms;
        context.addIssue({ code: "custom", message: "is not a duration such as 10m, 24d at the most" });
        return z.NEVER;
      })
      .optional(),
  }),
);

export function logLevelRoutes({ logLevel }: LogLevelRoutesOptions): Route[] {
  return [
    {
      method: "GET",
      path: "/log-level",
      about: "the level of this worker's log",
      handle(c) {
        refuseQuery(c);
        return c.json(levelJson(logLevel.read()));
      },
    },
    {
      method: "PATCH",
      path: "/log-level",
      about:
        "log from this level on: level, and for how long, such as 10m; without `for` until the worker ends",
      async handle(c) {
        refuseQuery(c);
        const wanted = change().safeParse(await readJson(c));
        if (!wanted.success) throw new Problem(400, describeIssues(wanted.error));
        return c.json(levelJson(logLevel.set(wanted.data.level, wanted.data.for)));
      },
    },
  ];
}

/** A contract with other programs: every member is named here. */
const levelJson = ({ level, configured, until }: LevelReading) => ({ level, configured, until });
