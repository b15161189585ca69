/**
 * All that an operator's file finds in `import ... from "fiscaut-tasks"`, with the types that an editor shows for it.
 * Serving it to those files is `import-file.ts`'s work.
 */
export { z } from "zod";
export { PermanentError, RetryAfter, Snooze } from "../task/outcome.ts";
export type { HandlerContext } from "./context.ts";
export { defineHandler, type HandlerDefinition } from "./definition.ts";
