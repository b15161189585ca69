/**
 * The one table of settings: types, validation, flags, environment names, keys of the configuration file and the
 * README's table all derive from it. Its rows stand beside it, a file a subject. Reading the four sources and their
 * precedence is `load.ts`.
 */
import { databaseSettings } from "./database.ts";
import { fiscautSettings } from "./fiscaut.ts";
import { httpSettings } from "./http.ts";
import { logSettings } from "./log.ts";
import { ownFilesSettings } from "./own-files.ts";
import type { Setting } from "./setting.ts";
import { workerSettings } from "./worker.ts";

/** In the order in which people see them. */
export const settings = {
  ...databaseSettings,
  ...workerSettings,
  ...httpSettings,
  ...ownFilesSettings,
  ...logSettings,
  ...fiscautSettings,
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
