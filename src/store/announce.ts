/**
 * Tells listening workers that something awaits them. Only ever a hint that saves latency: polling alone is
 * correct. Kept out of the enqueuing transaction, because a NOTIFY in it serialises all commits.
 */
import type { Sql } from "./sql.ts";

export const channel = "fiscaut_tasks";

/**
 * "due": tasks wait to be claimed. "future": some wait for their time. "queues": one was resumed, held or released, or
 * has other limits.
 * "schedule": schedules were changed. "waiting": tasks were enqueued that wait for others. "ended": some have ended by
 * other ways than a worker's completion. "cancel": a running task is to be aborted. `more`: it stands for tasks too that are
 * committed some milliseconds later, and is the SQL door's alone.
 */
export type Announcement =
  | { kind: "due"; more?: true }
  | { kind: "future"; more?: true }
  | { kind: "queues" }
  | { kind: "schedule" }
  | { kind: "waiting" }
  | { kind: "ended" }
  | { kind: "cancel"; id: number };

export interface Announcer {
  /** Sends soon; many within a few milliseconds become one. Never throws. */
  announce(announcement: Announcement): void;
  /** Waits until what was announced is sent or given up. */
  flush(): Promise<void>;
}

/** The first hint goes at once; those of the next milliseconds gather and go together. */
const coalesceMs = 3;

export function createAnnouncer(sql: () => Sql): Announcer {
  const waiting = new Set<string>();
  let sending: Promise<void> | undefined;

  async function send() {
    while (waiting.size > 0) {
      const messages = [...waiting];
      waiting.clear();
      // A lost hint costs one poll interval: not worth an error. Nor is there anything to keep, so the commit does not
      // wait for the disk, where it would hold up those of tasks.
      await sql()`
        select pg_notify(${channel}, message), set_config('synchronous_commit', 'off', true)
        from unnest(${messages}::text[]) as message`.catch(() => {});
      await Bun.sleep(coalesceMs);
    }
    sending = undefined;
  }

  return {
    announce(announcement) {
      waiting.add(JSON.stringify(announcement));
      sending ??= send();
    },
    async flush() {
      await sending;
    },
  };
}

/** @returns undefined for a message that is not ours. */
export function parseAnnouncement(message: string): Announcement | undefined {
  try {
    const parsed: unknown = JSON.parse(message);
    if (typeof parsed !== "object" || parsed === null || !("kind" in parsed)) return undefined;
    if (parsed.kind === "due" || parsed.kind === "future")
      return { kind: parsed.kind, ...("more" in parsed && { more: true }) };
    if (
      parsed.kind === "queues" ||
      parsed.kind === "schedule" ||
      parsed.kind === "waiting" ||
      parsed.kind === "ended"
    )
      return { kind: parsed.kind };
    if (parsed.kind === "cancel" && "id" in parsed && typeof parsed.id === "number")
      return { kind: "cancel", id: parsed.id };
  } catch {
    // Anybody may notify on this channel.
  }
  return undefined;
}
