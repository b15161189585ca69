/** How this executable is started again, for the processes of its own that it runs. */
import { fileURLToPath } from "node:url";

/** Commands that no operator gives. */
export const isolatedHandlerWord = "isolated-handler";
export const odbcReaderWord = "odbc-reader";

/**
 * On Linux not by its path: since the worker was started an update may have put another one there, which need not speak the
 * same messages. This one is reached even when its file is deleted.
 */
const executable = process.platform === "linux" ? "/proc/self/exe" : process.execPath;

/** @param word what it is to be. From the source tree it is Bun that is started, with the entry. */
export const ownCommand = (word: string): readonly string[] =>
  Bun.isStandaloneExecutable
    ? [executable, word]
    : [process.execPath, fileURLToPath(new URL("../../main.ts", import.meta.url)), word];
