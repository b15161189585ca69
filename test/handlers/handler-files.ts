/** A folder of handlers as an operator writes them, in a test. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface HandlerFiles {
  readonly dir: string;
  /** @returns the path. */
  write(name: string, text: string): string;
  /** A TypeScript handler with `defineHandler` and `z` at hand; `definition` is what stands in its braces. */
  define(name: string, definition: string): string;
  delete(name: string): void;
  remove(): void;
}

export function makeHandlerFiles(): HandlerFiles {
  const dir = mkdtempSync(join(tmpdir(), "fiscaut-tasks-handlers-"));
  const write = (name: string, text: string) => {
    const path = join(dir, name);
    writeFileSync(path, text);
    return path;
  };
  return {
    dir,
    write,
    define: (name, definition) =>
      write(
        name,
        `import { defineHandler, PermanentError, z } from "fiscaut-tasks";\nexport default defineHandler({ ${definition} });\n`,
      ),
    delete: (name) => rmSync(join(dir, name)),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
