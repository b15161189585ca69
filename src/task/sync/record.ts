/**
 * What is synced, record by record: the kinds of accounting records, and what has become of one. Where records come
 * from is `sources/`'s affair, what of them is sent `fiscaut/`'s, keeping account of it `store/sync/`'s.
 */

/** In the order in which a company's records are sent: accounts are referred to by the others. */
export const recordKinds = ["account", "customer", "supplier", "accumulator"] as const;

export type RecordKind = (typeof recordKinds)[number];

/** As commands and handlers name them: `sync suppliers`, `fiscaut.sync-suppliers`. */
export const kindPlurals = {
  account: "accounts",
  customer: "customers",
  supplier: "suppliers",
  accumulator: "accumulators",
} as const satisfies Record<RecordKind, string>;

/**
 * - not_synced: read from the source, with a content that the API has not taken yet; no task sends it.
 * - in_progress: a live task sends it.
 * - synced: the API has taken the content that the source had when it was read last.
 * - error: its task has ended without that.
 * - skipped: it can't be sent as the source has it; its message says why.
 */
export const recordStatuses = ["not_synced", "in_progress", "synced", "error", "skipped"] as const;

export type RecordStatus = (typeof recordStatuses)[number];

/** The queue of all tasks that call the API: its rate and its hold are those of the API. */
export const fiscautQueue = "fiscaut";

/** Tasks that send one record of a kind, and those that read a company's and enqueue them. */
export const sendTaskName = (kind: RecordKind) => `fiscaut.sync-${kind}`;
export const readTaskName = (kind: RecordKind | "all") =>
  `fiscaut.sync-${kind === "all" ? kind : kindPlurals[kind]}`;
