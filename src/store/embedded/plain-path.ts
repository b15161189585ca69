// A path that the Postgres of Windows can bear. Everywhere else any path will do.

import { dlopen, FFIType, ptr } from "bun:ffi";
import { OperatorError } from "../../task/errors.ts";

/**
 * `path`, or for one with accents on Windows its short form (C:\\DADOSD~1): initdb takes paths in the code page of
 * Windows and puts them into SQL that it declares to be UTF-8. `path` must exist.
 * @throws OperatorError "config" when Windows keeps no short names on that drive
 */
export function plainPath(path: string): string {
  if (process.platform !== "win32" || isPlain(path)) return path;
  const short = readShortName(path);
  if (isPlain(short)) return short;
  throw new OperatorError("config", `Postgres can't work on Windows in a folder with accents: ${path}`, {
    hint: "name another with --data-dir or FISCAUT_TASKS_DATA_DIR, such as C:\\ProgramData\\fiscaut-tasks",
  });
}

const isPlain = (path: string) => /^[\x20-\x7e]*$/.test(path);

/** GetShortPathNameW, which gives the path itself back where there is no short name. */
function readShortName(path: string): string {
  const { symbols, close } = dlopen("kernel32.dll", {
    GetShortPathNameW: { args: [FFIType.ptr, FFIType.ptr, FFIType.u32], returns: FFIType.u32 },
  });
  const wide = Buffer.from(`${path}\0`, "utf16le");
  const short = Buffer.alloc(2 * 1024);
  const characters = symbols.GetShortPathNameW(ptr(wide), ptr(short), short.length / 2);
  close();
  return characters > 0 && characters < short.length / 2
    ? short.toString("utf16le", 0, 2 * characters)
    : path;
}
