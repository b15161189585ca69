/** Hears what `announce.ts` sends, over a connection of its own. */
import { type Announcement, channel, parseAnnouncement } from "./announce.ts";
import type { Listener, Store } from "./connection.ts";

/** @throws the driver's error when it can't listen. */
export async function listenForAnnouncements(
  store: Store,
  onAnnouncement: (announcement: Announcement) => void,
): Promise<Listener> {
  return await store.listen(channel, (message) => {
    const announcement = parseAnnouncement(message);
    if (announcement !== undefined) onAnnouncement(announcement);
  });
}
