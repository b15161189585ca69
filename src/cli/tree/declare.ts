/** What commands say of themselves beyond what citty knows of: examples, and what their values may be. */
import type { ArgDef } from "citty";

declare module "citty" {
  interface CommandMeta {
    /** Lines for a shell, the commonest first; help, manual and tests read them. */
    examples?: readonly string[];
  }
}

/** What completion offers where a value stands; at a flag or a positional, beside what citty has. */
export interface Offered {
  /** All values that there are. */
  values?: readonly string[];
  path?: "file" | "folder";
}

export type OfferingArg = ArgDef & Offered;
