/** What a kind of file that handlers are made of can do; `load-handlers.ts` lists the kinds. */
import type { ChildProcesses } from "./child/child-processes.ts";
import type { Handler } from "./handler.ts";

export interface FileKind {
  /** Whether a file of the folder is of this kind; one of no kind is no handler, and no fault. */
  takes(path: string): boolean | Promise<boolean>;
  /**
   * @param children for handlers that run in processes of their own; without it, they are not to be run here.
   * @throws FileRefused
   */
  load(path: string, children: ChildProcesses | undefined): Promise<Handler>;
}
