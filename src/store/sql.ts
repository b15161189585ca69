/** The driver's handle as the verbs see it. */
import type postgres from "postgres";

/** int8 arrives as a number: ids stay far below 2^53. */
export type Sql = postgres.Sql<{ int8: number }>;
