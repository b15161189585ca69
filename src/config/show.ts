/** The settings in force as `config show` prints them, secrets hidden. Drawing the table is `cli/`'s affair. */
import type { LoadedConfig, Origin } from "./load.ts";
import { redactUrl } from "./redact-url.ts";
import { type Config, type SettingKey, settingKeys, settingOf } from "./settings/settings.ts";
import { postgresUrl, source } from "./value-kinds.ts";

export interface ShownSetting {
  key: SettingKey;
  /** As an operator would write it; `***` for a secret, null when unset. Durations are text: `1h30m`. */
  value: string | number | boolean | readonly string[] | null;
  /** The value for people; what happens instead when it is unset, in brackets. */
  text: string;
  origin: Origin;
}

/** A row a setting, in the order of the table of settings. Safe to print as JSON as it stands. */
export function showConfig({ config, origins }: Pick<LoadedConfig, "config" | "origins">): ShownSetting[] {
  return settingKeys.map((key) => {
    const setting = settingOf(key);
    const value = shownValue(key, config[setting.property]);
    const unset = typeof setting.default === "string" ? setting.default : setting.default.text;
    const isUnset = value === null || (Array.isArray(value) && value.length === 0);
    return { key, value, text: isUnset ? `(${unset})` : String(value), origin: origins[key] };
  });
}

function shownValue(key: SettingKey, value: unknown): ShownSetting["value"] {
  if (value === undefined) return null;
  const { kind, secret } = settingOf(key);
  if (!secret || isFolder(value)) return kind.show(value);
  if (isOdbc(value)) return "odbc:***";
  return kind === postgresUrl || kind === source ? redactUrl(String(value)) : "***";
}

/** A source that is one is no secret, and stands in many a message. */
const isFolder = (value: unknown) => typeof value === "string" && value.startsWith("csv:");

/** What of it is secret, its driver knows. */
const isOdbc = (value: unknown) => typeof value === "string" && value.startsWith("odbc:");

/** A password shorter than this would blank out half of every line, and protects nothing anyway. */
const minSecretLength = 4;

/**
 * Every text that must not reach a log: the secrets, and the passwords inside of URLs both as written and decoded,
 * since drivers put either into their errors.
 */
export function secretsOf(config: Config): string[] {
  const secrets = settingKeys
    .map(settingOf)
    .filter(({ secret }) => secret)
    .map(({ property }) => config[property])
    .filter((value) => typeof value === "string")
    .filter((value) => !isFolder(value));
  const passwords = secrets.flatMap((secret) =>
    isOdbc(secret) ? odbcPasswordsIn(secret) : passwordsIn(URL.parse(secret)),
  );
  return [...new Set([...secrets, ...passwords, ...passwords.map(decode)])].filter(
    (text) => text.length >= minSecretLength,
  );
}

const passwordsIn = (url: URL | null) =>
  url === null ? [] : [url.password, ...url.searchParams.getAll("password")];

/** As written in `PWD=...`, and without the braces that let it hold a `;`. */
const odbcPasswordsIn = (connectionString: string) =>
  [...connectionString.matchAll(/[:;]\s*(?:pwd|password)\s*=\s*(\{(?:[^}]|\}\})*\}?|[^;]*)/gi)].flatMap(
    ([, value = ""]) => [value, value.replace(/^\{(.*)\}$/s, "$1").replaceAll("}}", "}")],
  );

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // A lone % is a legal, if odd, password.
  }
}
