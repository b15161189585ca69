/**
 * The one table of settings: types, validation, flags, environment names, keys of the configuration file and the
 * README's table all derive from it. Reading the four sources and their precedence is `load.ts`.
 */

import { priorityOrders } from "../task/doors/priority-order.ts";
import { defaultDataFolder, defaultHandlersFolder, type Surroundings } from "./folders.ts";
import * as kind from "./value-kinds.ts";

/** A default that is no constant, or none at all; `text` says it to people. */
interface ComputedDefault<Value> {
  /** @param file the configuration file in use. */
  compute: (at: Surroundings, file: string | undefined) => Value;
  text: string;
  /** A value that could stand in a configuration file, for the commented one that `config init` writes. */
  example: string;
}

export interface Setting<Property extends string, Value, Default> {
  /** Its name in `Config`. */
  readonly property: Property;
  readonly kind: kind.ValueKind<Value>;
  readonly env: string;
  /** Whether `--key` exists. Secrets have none: process lists show flags. */
  readonly flag: boolean;
  /** Never shown, and `<env>_FILE` may name a file that holds it. */
  readonly secret?: boolean;
  /** As an operator would write it, or computed. */
  readonly default: string | ComputedDefault<Default>;
  readonly about: string;
}

const define = <const Property extends string, Value, Default = Value>(
  setting: Setting<Property, Value, Default>,
): Setting<Property, Value, Default> => setting;

const none = (text: string, example: string): ComputedDefault<undefined> => ({
  compute: () => undefined,
  text,
  example,
});

/** Longer than this, `setTimeout` fires at once: its delay is a signed 32-bit number of milliseconds. */
const maxTimerMs = 24 * 86_400_000;
const secondMs = 1_000;
const hourMs = 3_600_000;
const dayMs = 86_400_000;

export const settings = {
  "database-url": define({
    property: "databaseUrl",
    kind: kind.postgresUrl,
    env: "DATABASE_URL",
    flag: false,
    secret: true,
    default: none("the embedded Postgres", "postgres://fiscaut@db.example/fiscaut"),
    about: "Postgres that holds the tasks.",
  }),
  "data-dir": define({
    property: "dataDir",
    kind: kind.folder,
    env: "FISCAUT_TASKS_DATA_DIR",
    flag: true,
    default: {
      compute: defaultDataFolder,
      text: "root: `/var/lib/fiscaut-tasks`; user: `~/.local/share/fiscaut-tasks`; Windows: `%ProgramData%\\fiscaut-tasks`",
      example: "data",
    },
    about: "Where the embedded Postgres lives.",
  }),
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
  host: define({
    property: "host",
    kind: kind.host,
    env: "FISCAUT_TASKS_HOST",
    flag: true,
    default: "127.0.0.1",
    about: "Address of the HTTP server. Anything but loopback needs `http-token`.",
  }),
  port: define({
    property: "port",
    kind: kind.integer("port", 0, 65535),
    env: "FISCAUT_TASKS_PORT",
    flag: true,
    default: "8430",
    about: "Port of the HTTP server; 0 takes any free one.",
  }),
  "http-token": define({
    property: "httpToken",
    kind: kind.bearerToken(16),
    env: "FISCAUT_TASKS_HTTP_TOKEN",
    flag: false,
    secret: true,
    default: none("none", "change-me-16-characters"),
    about: "Bearer token that HTTP callers must send.",
  }),
  handlers: define({
    property: "handlers",
    kind: kind.folder,
    env: "FISCAUT_TASKS_HANDLERS",
    flag: true,
    default: {
      compute: defaultHandlersFolder,
      text: "`handlers` beside the configuration file, without one beside the executable",
      example: "handlers",
    },
    about: "Folder of your own handlers, a file each.",
  }),
  hooks: define({
    property: "hooks",
    kind: kind.file,
    env: "FISCAUT_TASKS_HOOKS",
    flag: true,
    default: none("none", "hooks.ts"),
    about: "TypeScript or JavaScript file whose functions are called at the moments of a task's life.",
  }),
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
  "fiscaut-source": define({
    property: "fiscautSource",
    kind: kind.source,
    env: "FISCAUT_SOURCE",
    flag: false,
    secret: true,
    default: none("none", "csv:records"),
    about: "Where accounting records are read from, for tasks and commands that name no source themselves.",
  }),
  "fiscaut-api-url": define({
    property: "fiscautApiUrl",
    kind: kind.httpUrl,
    env: "FISCAUT_API_URL",
    flag: true,
    default: none("none", "https://fiscaut.example/api/v1"),
    about: "Base URL of the Fiscaut API.",
  }),
  "fiscaut-api-key": define({
    property: "fiscautApiKey",
    kind: kind.bearerToken(1),
    env: "FISCAUT_API_KEY",
    flag: false,
    secret: true,
    default: none("none", "api-key-of-the-office"),
    about: "Bearer token for the Fiscaut API.",
  }),
  "fiscaut-rate": define({
    property: "fiscautRate",
    kind: kind.rateOrOff,
    env: "FISCAUT_RATE",
    flag: true,
    default: "1/1s",
    about:
      "How often records are sent, all workers together: the rate of queue `fiscaut`. The worker that started last sets it for all.",
  }),
  "fiscaut-timeout": define({
    property: "fiscautTimeoutMs",
    kind: kind.duration(100, hourMs),
    env: "FISCAUT_TIMEOUT",
    flag: true,
    default: "30s",
    about: "How long a call to the Fiscaut API may take.",
  }),
};

type Settings = typeof settings;
export type SettingKey = keyof Settings;

type ValueOf<Row> = Row extends Setting<string, infer Value, infer Default> ? Value | Default : never;

/** The settings in force: each value validated, each default applied. `databaseUrl` unset means embedded Postgres. */
export type Config = { readonly [Key in SettingKey as Settings[Key]["property"]]: ValueOf<Settings[Key]> };

export const settingKeys = Object.keys(settings) as SettingKey[];

/** The table's row without its types, for code that treats all settings alike. */
export const settingOf = (key: SettingKey): Setting<keyof Config, unknown, unknown> =>
  settings[key] as Setting<keyof Config, unknown, unknown>;

/** Environment variables that hold a secret, or name a file that does. */
export const secretVariables: readonly string[] = settingKeys
  .map(settingOf)
  .flatMap(({ secret, env }) => (secret ? [env, `${env}_FILE`] : []));
