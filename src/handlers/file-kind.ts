/** What a kind of file that handlers are made of can do; `load-handlers.ts` lists the kinds. */
import type { Handler } from "./handler.ts";

export interface FileKind {
  /** Whether a file of the folder is of this kind; one of no kind is no handler, and no fault. */
  takes(path: string): boolean | Promise<boolean>;
  /** @throws FileRefused */
  load(path: string): Promise<Handler>;
}
