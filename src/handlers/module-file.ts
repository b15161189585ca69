/** Handlers in TypeScript and JavaScript: a file's default export, made by `defineHandler`. */
import { basename } from "node:path";
import { DefinedHandler, readDefinition } from "./definition.ts";
import type { FileKind } from "./file-kind.ts";
import { FileRefused, importFile } from "./import-file.ts";
import { isolatedHandler } from "./isolated/isolated-handler.ts";

const extension = /(?<!\.d|\.test)\.m?[jt]s$/;

export const moduleFiles: FileKind = {
  takes: (path) => extension.test(path),
  async load(path, children) {
    const { default: exported } = await importFile(path);
    if (!(exported instanceof DefinedHandler))
      throw new FileRefused(
        `${path}: ${exported === undefined ? "has no default export" : "its default export is no handler"}: export default defineHandler({ ... }), of "fiscaut-tasks"`,
      );
    const handler = readDefinition(exported, basename(path).replace(extension, ""));
    if (typeof handler === "string") throw new FileRefused(`${path}: ${handler}`);
    const loaded = { ...handler, file: path };
    return handler.isolate && children !== undefined ? isolatedHandler(loaded, children) : loaded;
  },
};
