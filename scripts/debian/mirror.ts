/**
 * Finds the Debian mirror that this machine's own apt sources name, so that no mirror is written down here.
 * It leaves fetching anything from that mirror to `root.ts`.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

type AptSource = { uris: string[]; suites: string[]; components: string[] };

/**
 * The first mirror that serves the whole `release` of Debian (not its updates or security part).
 * @throws Error naming the folder when no apt source of this machine does.
 */
export function findDebianMirror(release: string, aptFolder = "/etc/apt"): string {
  const mirror = readAptSources(aptFolder)
    .filter((source) => source.suites.includes(release) && source.components.includes("main"))
    .flatMap((source) => source.uris)
    .find((uri) => /^https?:/.test(uri));
  if (mirror === undefined) {
    throw new Error(`no apt source under ${aptFolder} serves Debian ${release} over http`);
  }
  return mirror;
}

/** Reads `deb` lines of the one-line format (`*.list`), options in brackets included. */
export function parseOneLineSources(text: string): AptSource[] {
  return text.split("\n").flatMap((line) => {
    const [, uri, suite, components] = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)([^#]*)/.exec(line) ?? [];
    if (uri === undefined || suite === undefined || components === undefined) return [];
    return [{ uris: [uri], suites: [suite], components: splitWords(components) }];
  });
}

/** Reads the stanzas of the deb822 format (`*.sources`): comments, continued lines, `Enabled: no`. */
export function parseDeb822Sources(text: string): AptSource[] {
  const withoutComments = text.replace(/^#.*\n?/gm, "");
  return withoutComments.split(/\n\s*\n/).flatMap((stanza) => {
    const field = (name: string) =>
      new RegExp(`^${name}:((?:.*)(?:\\n[ \\t].*)*)`, "im").exec(stanza)?.[1]?.trim() ?? "";
    if (!splitWords(field("Types")).includes("deb") || field("Enabled").toLowerCase() === "no") return [];
    return [
      {
        uris: splitWords(field("URIs")),
        suites: splitWords(field("Suites")),
        components: splitWords(field("Components")),
      },
    ];
  });
}

function readAptSources(aptFolder: string): AptSource[] {
  const parts = join(aptFolder, "sources.list.d");
  const files = [join(aptFolder, "sources.list"), ...listFolder(parts).map((name) => join(parts, name))];
  return files.flatMap((file) => {
    if (file.endsWith(".list")) return parseOneLineSources(readIfThere(file));
    if (file.endsWith(".sources")) return parseDeb822Sources(readIfThere(file));
    return []; // apt ignores every other name too
  });
}

function splitWords(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
