/** The account of a service on Windows, and what it may read and write. */
import type { ServiceDefinition } from "../definition.ts";
import type { Step } from "../manager.ts";

/** Windows' own accounts, whose names are other ones in other languages. */
const wellKnown: Record<string, string> = {
  localsystem: "S-1-5-18",
  "nt authority\\system": "S-1-5-18",
  localservice: "S-1-5-19",
  "nt authority\\localservice": "S-1-5-19",
  "nt authority\\local service": "S-1-5-19",
  networkservice: "S-1-5-20",
  "nt authority\\networkservice": "S-1-5-20",
  "nt authority\\network service": "S-1-5-20",
};

const administrators = "S-1-5-32-544";
const system = "S-1-5-18";

export const sidOf = (account: string): string | undefined => wellKnown[account.toLowerCase()];

/**
 * The virtual account that Windows makes for each service: it has no password and no rights beyond its own files, so
 * nobody else reads them, and Postgres, which refuses administrators, runs as it.
 */
export const virtualAccount = ({ name }: Pick<ServiceDefinition, "name">) => `NT SERVICE\\${name}`;

/** An ordinary one's password belongs into no command line: every process list would show it. */
export const hasPassword = (account: string) =>
  sidOf(account) === undefined && !/^NT SERVICE\\/i.test(account) && !account.endsWith("$");

/** Makes the service's folders, and lets it, Windows and administrators alone into them and its files of secrets. */
export function ownFilesSteps(service: ServiceDefinition, account: string): Step[] {
  const { dataFolder, logFolder, envFile, secretFiles } = service;
  const secrets = secretFiles.map(({ path }) => path).concat(envFile ?? []);
  return [
    { kind: "folder", path: dataFolder, mode: 0o700 },
    { kind: "folder", path: logFolder, mode: 0o700 },
    allow(dataFolder, account, "(OI)(CI)F"),
    ...(isBelow(logFolder, dataFolder) ? [] : [allow(logFolder, account, "(OI)(CI)F")]),
    ...secrets.map((path) => allow(path, account, "R")),
  ];
}

function allow(path: string, account: string, rights: string): Step {
  const sid = sidOf(account);
  const trustee = sid === undefined ? account : `*${sid}`;
  const full = rights.startsWith("(") ? rights : "F";
  return {
    kind: "run",
    argv: [
      "icacls.exe",
      path,
      "/inheritance:r",
      "/grant:r",
      `*${system}:${full}`,
      `*${administrators}:${full}`,
      `${trustee}:${rights}`,
    ],
  };
}

const isBelow = (path: string, folder: string) =>
  path.toLowerCase().startsWith(`${folder.toLowerCase().replace(/\\$/, "")}\\`);
