/**
 * The kinds of value that settings have: how each is read from text or TOML, what it allows, how it is shown.
 * Which setting has which kind is `settings/`; kinds never repeat a value in a fault, since it may be secret.
 */
import { isIPv6 } from "node:net";
import { OperatorError } from "../task/errors.ts";
import { formatDuration, readDuration } from "../task/time/duration.ts";
import { formatRate, parseRate, type Rate } from "../task/time/rate.ts";

/** What is wrong with a value, as words that follow it: "is not a port". */
export class ValueFault extends Error {}

export interface ValueKind<Value> {
  /** What it allows, for the README and `--help`. */
  readonly accepts: string;
  /**
   * `raw` is text, or what TOML made of it; `resolvePath` makes a path absolute.
   * @throws ValueFault
   */
  read(raw: unknown, resolvePath: (path: string) => string): Value;
  /** As an operator would write it. */
  show(value: Value): string | number | boolean | readonly string[];
  /** All there are, where they can be counted. */
  readonly values?: readonly string[];
  /** What the value is a path of. */
  readonly path?: "file" | "folder";
}

/** Numbers count as text because `--port 8430` and `port = 8430` are the same to an operator. */
function textOf(raw: unknown, otherwise: string): string {
  if (raw === "") throw new ValueFault("is empty");
  if (typeof raw === "string") return raw;
  if (typeof raw === "number") return String(raw);
  throw new ValueFault(otherwise);
}

const shownAsIs = <Value extends string | number | boolean>(value: Value) => value;

export function integer(what: string, min: number, max: number): ValueKind<number> {
  const accepts = `${what}, ${min} to ${max}`;
  const fault = `is not a ${what} (${min} to ${max})`;
  return {
    accepts,
    read(raw) {
      const text = textOf(raw, fault);
      const value = Number(text);
      if (!/^\d+$/.test(text) || value < min || value > max) throw new ValueFault(fault);
      return value;
    },
    show: shownAsIs,
  };
}

export function duration(minMs: number, maxMs: number): ValueKind<number> {
  const range = `${formatDuration(minMs)} to ${formatDuration(maxMs)}`;
  return {
    accepts: `duration, ${range}`,
    read(raw) {
      const ms = readDuration(textOf(raw, "is not a duration such as 90s or 5m"));
      if (typeof ms === "string") throw new ValueFault(ms);
      if (ms < minMs || ms > maxMs) throw new ValueFault(`is outside ${range}`);
      return ms;
    },
    show: formatDuration,
  };
}

/** Infinity is for ever. */
export function durationOrForever(minMs: number, maxMs: number): ValueKind<number> {
  const { accepts, read, show } = duration(minMs, maxMs);
  return {
    accepts: `${accepts}, or forever`,
    read: (raw, resolvePath) => (raw === "forever" ? Number.POSITIVE_INFINITY : read(raw, resolvePath)),
    show: (value) => (value === Number.POSITIVE_INFINITY ? "forever" : show(value)),
  };
}

const byteUnits = { KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3, TB: 1024 ** 4 };
type ByteUnit = keyof typeof byteUnits;

/** Whole KB, MB, GB or TB, of 1024 each. */
export function bytes(min: number, max: number): ValueKind<number> {
  const range = `${formatBytes(min)} to ${formatBytes(max)}`;
  return {
    accepts: `size, ${range}`,
    read(raw) {
      const text = textOf(raw, "is not a size such as 20MB");
      const [, count, unit = ""] = /^(\d+) ?([KMGT]B)$/i.exec(text) ?? [];
      if (count === undefined) throw new ValueFault("is not a size such as 20MB");
      const size = Number(count) * byteUnits[unit.toUpperCase() as ByteUnit];
      if (size < min || size > max) throw new ValueFault(`is outside ${range}`);
      return size;
    },
    show: formatBytes,
  };
}

function formatBytes(size: number): string {
  const units = Object.entries(byteUnits).reverse();
  const [unit, bytesOfUnit] = units.find(([, of]) => size % of === 0) ?? ["KB", 1024];
  return `${size / bytesOfUnit}${unit}`;
}

/** null is off. */
export const rateOrOff: ValueKind<Rate | null> = {
  accepts: "starts in a time such as 60/1m, or off",
  read(raw) {
    const text = textOf(raw, "is not a rate such as 60/1m");
    if (text === "off") return null;
    try {
      return parseRate(text);
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      throw new ValueFault(
        "is not a rate: 1/1s for one a second, 60/1m for sixty a minute, at most 1000, or off",
      );
    }
  },
  show: (value) => (value === null ? "off" : formatRate(value)),
};

export function oneOf<const Value extends string>(...values: readonly Value[]): ValueKind<Value> {
  const accepts = `${values.slice(0, -1).join(", ")} or ${values.at(-1)}`;
  return {
    accepts,
    read(raw) {
      const found = values.find((value) => value === raw);
      if (found === undefined) throw new ValueFault(`is not ${accepts}`);
      return found;
    },
    show: shownAsIs,
    values,
  };
}

const yes: readonly unknown[] = [true, "true", "1", "yes", "on"];
const no: readonly unknown[] = [false, "false", "0", "no", "off"];

export const yesOrNo: ValueKind<boolean> = {
  accepts: "true or false",
  read(raw) {
    const value = typeof raw === "string" ? raw.toLowerCase() : raw;
    if (yes.includes(value)) return true;
    if (no.includes(value)) return false;
    throw new ValueFault("is not true or false");
  },
  show: shownAsIs,
};

/** From a flag or TOML also as a list. An empty one is a fault: "all" must not be what a lost variable means. */
export const names: ValueKind<readonly string[]> = {
  accepts: "names, comma-separated",
  read(raw) {
    const given = Array.isArray(raw) ? raw : [raw];
    const list = given.flatMap((item) => textOf(item, "is not a list of names").split(","));
    const trimmed = list.map((name) => name.trim());
    if (trimmed.length === 0 || trimmed.includes("")) throw new ValueFault("holds an empty name");
    if (trimmed.some((name) => /\s/.test(name))) throw new ValueFault("holds a name with a blank in it");
    return Object.freeze([...new Set(trimmed)]);
  },
  show: (value) => value,
};

export const folder: ValueKind<string> = {
  accepts: "folder",
  read: (raw, resolvePath) => resolvePath(textOf(raw, "is not a folder's path")),
  show: shownAsIs,
  path: "folder",
};

export const file: ValueKind<string> = {
  accepts: "file",
  read: (raw, resolvePath) => resolvePath(textOf(raw, "is not a file's path")),
  show: shownAsIs,
  path: "file",
};

export const host: ValueKind<string> = {
  accepts: "address or host name",
  read(raw) {
    const text = textOf(raw, "is not an address or host name").replace(/^\[(.*)\]$/, "$1");
    if (isIPv6(text) || /^[\w.-]+$/.test(text)) return text;
    throw new ValueFault("is not an address or host name (no scheme, no port)");
  },
  show: shownAsIs,
};

/** Whether only this machine can connect to it. Errs on the side of "no" for unusual spellings. */
export const isLoopback = (address: string) =>
  address.toLowerCase() === "localhost" || address === "::1" || /^127(\.\d{1,3}){3}$/.test(address);

export const httpUrl: ValueKind<string> = {
  accepts: "http or https URL",
  read(raw) {
    const text = textOf(raw, "is not a URL");
    const url = URL.parse(text);
    if (url === null || !/^https?:$/.test(url.protocol))
      throw new ValueFault("is not an http:// or https:// URL");
    if (url.username !== "" || url.password !== "") throw new ValueFault("must not hold a user or password");
    if (url.search !== "" || url.hash !== "") throw new ValueFault("must end with its path: no ? or #");
    return text;
  },
  show: shownAsIs,
};

export const postgresUrl: ValueKind<string> = {
  accepts: "postgres:// URL",
  read(raw) {
    const text = textOf(raw, "is not a postgres:// URL");
    if (!/^postgres(ql)?:\/\//.test(text)) throw new ValueFault("is not a postgres:// URL");
    if (URL.parse(text) === null)
      throw new ValueFault(
        "can't be read as a URL: percent-encode what is special in its password, # as %23",
      );
    return text;
  },
  show: shownAsIs,
};

/** Where records are read from; each kind is looked at more closely by the part that reads it. */
export const source: ValueKind<string> = {
  accepts: "csv:DIR, postgres:// URL or odbc:CONNECTION-STRING",
  read(raw, resolvePath) {
    const text = textOf(raw, "is not text").trim();
    const [, kind, place] = /^([a-z]+):(.+)$/s.exec(text) ?? [];
    if (kind === "csv" && place !== undefined) return `csv:${resolvePath(place)}`;
    if (kind === "odbc" && place !== undefined) return text;
    if (kind === "postgres" || kind === "postgresql") return postgresUrl.read(text, resolvePath);
    throw new ValueFault(`is not ${source.accepts}`);
  },
  show: shownAsIs,
};

/** What travels in an `Authorization: Bearer` header: printable ASCII without blanks. */
export function bearerToken(minLength: number): ValueKind<string> {
  const accepts = minLength > 1 ? `${minLength} characters or more` : "text without blanks";
  return {
    accepts,
    read(raw) {
      const text = textOf(raw, "is not text");
      if (!/^[!-~]+$/.test(text))
        throw new ValueFault("holds a blank, a line break or a letter outside ASCII");
      if (text.length < minLength) throw new ValueFault(`has fewer than ${minLength} characters`);
      return text;
    },
    show: shownAsIs,
  };
}
