/** The log. */
import * as kind from "../value-kinds.ts";
import { dayMs, define, none, secondMs } from "./setting.ts";

export const logSettings = {
  "log-level": define({
    property: "logLevel",
    kind: kind.oneOf("debug", "info", "warn", "error"),
    env: "FISCAUT_TASKS_LOG_LEVEL",
    flag: true,
    default: "info",
    about: "Least important level that is logged.",
  }),
  "log-format": define({
    property: "logFormat",
    kind: kind.oneOf("auto", "pretty", "json"),
    env: "FISCAUT_TASKS_LOG_FORMAT",
    flag: true,
    default: "auto",
    about: "`pretty` for people, `json` for programs; `auto` is `pretty` on a terminal.",
  }),
  "log-file": define({
    property: "logFile",
    kind: kind.file,
    env: "FISCAUT_TASKS_LOG_FILE",
    flag: true,
    default: none("standard error", "/var/log/fiscaut-tasks/worker.log"),
    about: "File that the worker logs to instead of standard error.",
  }),
  "log-max-size": define({
    property: "logMaxBytes",
    kind: kind.bytes(64 * 1024, 1024 ** 4),
    env: "FISCAUT_TASKS_LOG_MAX_SIZE",
    flag: true,
    default: "20MB",
    about: "A log file of this size is put aside, with its time added to its name, and begun anew.",
  }),
  "log-max-age": define({
    property: "logMaxAgeMs",
    kind: kind.durationOrForever(60 * secondMs, 100 * 365 * dayMs),
    env: "FISCAUT_TASKS_LOG_MAX_AGE",
    flag: true,
    default: "7d",
    about: "So is one that was begun this long ago.",
  }),
  "log-keep": define({
    property: "logKeep",
    kind: kind.integer("whole number", 0, 10_000),
    env: "FISCAUT_TASKS_LOG_KEEP",
    flag: true,
    default: "10",
    about: "How many log files that were put aside are kept.",
  }),
};
