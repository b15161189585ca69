/**
 * The commented `fiscaut-tasks.toml` that `config init` writes: every setting of the table, each with what it does and
 * its default. Explanations begin with "# ", settings with "#" alone, so that taking that off sets one.
 */
import { scheduleKey } from "./config-file.ts";
import { type SettingKey, settingKeys, settingOf } from "./settings/settings.ts";

const head = `# Configuration of fiscaut-tasks. Take the # off a setting to set it; as the file stands, nothing is set.
# A flag wins over an environment variable, that over this file, that over the default.
# Relative paths start from this file's folder. Durations are written 250ms, 90s, 5m, 1h30m, 2d.
# fiscaut-tasks config check tells whether all is right, config show what is in force.`;

const schedules = `# A schedule enqueues a task by the clock. More than one line: as a table [${scheduleKey}.NAME], after all settings.
# Minute, hour, day, month, weekday; the time zone is America/Sao_Paulo unless time-zone names another.
#${scheduleKey}.nightly = { cron = "0 3 * * 1-5", task = "fiscaut.sync-suppliers", payload = { company = 1 } }`;

/** Ends with a line break. */
export function renderConfigTemplate(): string {
  return `${[head, ...settingKeys.map(renderSetting), schedules].join("\n\n")}\n`;
}

function renderSetting(key: SettingKey): string {
  const { about, kind, default: byDefault, env, secret } = settingOf(key);
  const isConstant = typeof byDefault === "string";
  const facts = `Value: ${kind.accepts}. Default: ${isConstant ? byDefault : byDefault.text}.`;
  const advice = secret
    ? [`A secret: better in a file of its own, which the variable ${env}_FILE names.`]
    : [];
  const comments = [about, facts, ...advice].map((text) => `# ${text.replaceAll("`", "")}`);
  return [...comments, `#${key} = ${tomlOf(key, isConstant ? byDefault : byDefault.example)}`].join("\n");
}

/** As TOML: text in quotes, numbers and truth values bare, several names as a list. */
function tomlOf(key: SettingKey, text: string): string {
  const { kind } = settingOf(key);
  // Paths stay as they are: relative to the file.
  const shown = kind.show(kind.read(text, (path) => path));
  return Array.isArray(shown)
    ? `[${shown.map((item) => JSON.stringify(item)).join(", ")}]`
    : JSON.stringify(shown);
}
