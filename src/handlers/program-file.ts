/** Executable files of the operator's folder, each a handler. Running one is `program.ts`'s work. */
import { taskNameSchema } from "../task/doors/new-task.ts";
import type { FileKind } from "./file-kind.ts";
import { FileRefused } from "./import-file.ts";
import { isProgram, programHandler } from "./program.ts";

export const programFiles: FileKind = {
  takes: isProgram,
  async load(path, children) {
    const handler = programHandler(path, children);
    if (taskNameSchema().safeParse(handler.name).success) return handler;
    throw new FileRefused(
      `${path}: a task's name may hold letters, digits and _ . : - only: rename the file, or take its execute bit away`,
    );
  },
};
