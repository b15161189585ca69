/** What the worker and the process that reads over ODBC tell each other. The worker asks, and each question has one answer. */
import type { Diagnostic } from "./odbc-fault.ts";
import type { Row } from "./statement.ts";

/** The connection string comes first and in this way, so that no process list and no environment shows its password. */
export type ToReader =
  | { kind: "open"; connectionString: string; loginTimeoutMs: number; queryTimeoutMs: number }
  | { kind: "query"; text: string; parameters: readonly number[] }
  /** The rows that follow: nothing is read ahead of being asked for, which bounds the memory on both sides. */
  | { kind: "next" };

export type FromReader =
  | { kind: "opened"; driver: string; dbms: string }
  | { kind: "rows"; rows: Row[]; isLast: boolean }
  | { kind: "fault"; diagnostic: Diagnostic };
