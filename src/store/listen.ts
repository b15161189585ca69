/** Hears what `announce.ts` sends, over a connection of its own. */
import { type Announcement, channel, parseAnnouncement } from "./announce.ts";
import type { Store } from "./connection.ts";

/**
 * Listens until the store is closed; the driver listens again after a lost connection.
 * @param onListening also after each such gap: announcements may have been missed.
 * @throws the driver's error when the first connection fails.
 */
export async function listenForAnnouncements(
  store: Store,
  onAnnouncement: (announcement: Announcement) => void,
  onListening: () => void,
): Promise<void> {
  await store.sql.listen(
    channel,
    (message) => {
      const announcement = parseAnnouncement(message);
      if (announcement !== undefined) onAnnouncement(announcement);
    },
    onListening,
  );
}
