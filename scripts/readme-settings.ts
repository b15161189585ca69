/**
 * Writes the table of settings into the README, between its markers: `bun scripts/readme-settings.ts [FILE]`.
 * The settings themselves are `src/config/settings/`; test/config/readme.test.ts fails when the two differ.
 */
import { resolve } from "node:path";
import { settingKeys, settingOf } from "../src/config/settings/settings.ts";

const start = "<!-- settings -->";
const end = "<!-- /settings -->";

/** A row a setting, in Markdown. */
export function renderSettingsTable(): string {
  const rows = settingKeys.map((key) => {
    const { kind, flag, env, secret, default: byDefault, about } = settingOf(key);
    return [
      `\`${key}\``,
      flag ? `\`--${key}\`` : "",
      secret ? `\`${env}\`, \`${env}_FILE\`` : `\`${env}\``,
      kind.accepts,
      typeof byDefault === "string" ? `\`${byDefault}\`` : byDefault.text,
      about,
    ];
  });
  const heads = ["setting", "flag", "environment variable", "value", "default", "what it does"];
  return [heads, heads.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/**
 * The README's text with the table as it is now.
 * @throws Error when it lacks the markers.
 */
export function placeSettingsTable(readme: string): string {
  const from = readme.indexOf(start);
  const to = readme.indexOf(end);
  if (from === -1 || to < from) throw new Error(`the README lacks ${start} ... ${end}`);
  return `${readme.slice(0, from + start.length)}\n${renderSettingsTable()}\n${readme.slice(to)}`;
}

if (import.meta.main) {
  const path = process.argv[2] ?? resolve(import.meta.dir, "../README.md");
  await Bun.write(path, placeSettingsTable(await Bun.file(path).text()));
}
