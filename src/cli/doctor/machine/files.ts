/** How many files and connections a process may have open. */
import { readFile } from "node:fs/promises";
import { type Check, pass, skip, warn } from "../check.ts";

/** A worker at rest has some dozens; each HTTP caller, program and upload adds a few. */
const border = 1024;

export const filesCheck: Check<void> = {
  name: "files",
  async look() {
    const limits = await readFile("/proc/self/limits", "utf8").catch(() => "");
    const text = /^Max open files\s+(\w+)/m.exec(limits)?.[1];
    if (text === undefined) return skip("this system tells no limit of open files");
    if (text === "unlimited" || Number(text) >= border)
      return pass(`${text} may be open at once in this process`);
    return warn(
      `only ${text} may be open at once in this process`,
      `ulimit -n ${border}; for a service LimitNOFILE=${border}`,
    );
  },
};
