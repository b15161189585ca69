/** Hooks files as an operator writes them, in a folder of a test, and what they have written down. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface HookFiles {
  /** @returns the path; in `text`, `note(...)` appends a line of JSON. */
  write(name: string, text: string): string;
  /** What was noted so far. */
  noted(): unknown[];
  remove(): void;
}

export function makeHookFiles(): HookFiles {
  const folder = mkdtempSync(join(tmpdir(), "fiscaut-tasks-hooks-"));
  const notes = join(folder, "notes");
  writeFileSync(notes, "");
  writeFileSync(
    join(folder, "note.ts"),
    `import { appendFileSync } from "node:fs";
     export const note = (value: unknown) => appendFileSync(${JSON.stringify(notes)}, JSON.stringify(value) + "\\n");`,
  );
  return {
    write(name, text) {
      const path = join(folder, name);
      writeFileSync(path, `import { note } from "./note.ts";\n${text}`);
      return path;
    },
    noted: () =>
      readFileSync(notes, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line)),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
