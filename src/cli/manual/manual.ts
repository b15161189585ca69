/** The manual page fiscaut-tasks(1), from the tree of commands and the table of settings. */
import { configFlag } from "../../config/config-file.ts";
import { settingKeys, settingOf } from "../../config/settings/settings.ts";
import type { BuildInfo } from "../build-info.ts";
import { exitCodes } from "../exit-codes.ts";
import { settingFlags } from "../input/setting-flags.ts";
import { allCommands, type CommandShape, type FlagShape, helpFlag, usageOf } from "../tree/shape.ts";
import { bold, entry, escapeRoff, examples, italic, running, section, subsection } from "./roff.ts";

const exitWords: Record<string, string> = {
  [exitCodes.ok]: "Done.",
  [exitCodes.failed]: "It failed; the message says what to do.",
  [exitCodes.usage]: "Wrong usage.",
  [exitCodes["not-running"]]: "Of service status: it does not run.",
  [exitCodes["not-installed"]]: "Of service status: it is not installed.",
  [exitCodes.unavailable]: "The database can't be reached.",
  [exitCodes["drain-timed-out"]]:
    "The drain time was over, or a second signal came: tasks were aborted and given back.",
  [exitCodes.config]: "The configuration is wrong; a restart changes nothing.",
};

/** In roff, with man macros. */
export function renderManual(root: CommandShape, { version, builtAt }: BuildInfo): string {
  const [, ...commands] = allCommands(root);
  const day = /^\d{4}-\d\d-\d\d/.exec(builtAt)?.[0] ?? "";
  return `${[
    `.TH FISCAUT\\-TASKS 1 "${day}" "fiscaut\\-tasks ${escapeRoff(version)}" "User Commands"`,
    section("NAME"),
    `fiscaut\\-tasks \\- ${escapeRoff(root.about)}`,
    section("SYNOPSIS"),
    `${bold("fiscaut-tasks")} ${italic("COMMAND")} [${italic("OPTIONS")}]`,
    examples(root.examples),
    section("COMMANDS"),
    ...commands.filter(({ subCommands }) => subCommands.length === 0).flatMap(renderCommand),
    section("COMMON OPTIONS"),
    ...[...commonFlags(commands), helpFlag].map(renderFlag),
    section("SETTINGS"),
    running(
      "A flag wins over an environment variable, that over fiscaut-tasks.toml, that over the default. The file's keys are the names below.",
    ),
    ...settingKeys.map(renderSetting),
    section("FILES"),
    entry(
      bold("fiscaut-tasks.toml"),
      `The configuration, looked for beside the executable, then in /etc/fiscaut-tasks (root), ~/.config/fiscaut-tasks (other users) or %ProgramData%\\fiscaut-tasks (Windows); --${configFlag} and FISCAUT_TASKS_CONFIG name another.`,
    ),
    section("EXIT STATUS"),
    ...Object.entries(exitWords).map(([code, words]) => entry(bold(code), words)),
  ].join("\n")}\n`;
}

function renderCommand(command: CommandShape): string[] {
  const own = command.flags.filter(({ name }) => !isCommon(name));
  return [
    subsection(usageOf(command)),
    running(`${command.about}.`),
    ...command.operands.map(({ name, about }) => entry(italic(name), about)),
    ...own.map(renderFlag),
    examples(command.examples),
  ];
}

const common = settingFlags();
const isCommon = (name: string) => Object.hasOwn(common, name);

/** Every command that takes settings takes these, so any of them tells what they are. */
const commonFlags = (commands: readonly CommandShape[]) =>
  commands
    .find(({ flags }) => flags.some(({ name }) => isCommon(name)))
    ?.flags.filter(({ name }) => isCommon(name)) ?? [];

const renderFlag = ({ name, value, about }: FlagShape) =>
  entry(value === undefined ? bold(`--${name}`) : `${bold(`--${name}`)} ${italic(value)}`, about);

function renderSetting(key: (typeof settingKeys)[number]): string {
  const { env, secret, kind, about, default: byDefault } = settingOf(key);
  const variables = secret ? `${env}, ${env}_FILE` : env;
  const unset = typeof byDefault === "string" ? byDefault : byDefault.text;
  return entry(
    `${bold(key)} (${escapeRoff(variables)})`,
    `${about} Value: ${kind.accepts}. Default: ${unset}.`.replaceAll("`", ""),
  );
}
