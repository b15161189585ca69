/**
 * Hears at once what others announce, and makes sure now and then that it still does. Only ever a hint: what wakes
 * nobody is found by polling, and behind a pooler, which passes no notifications on, that is all there is.
 */
import type { Announcement } from "../store/announce.ts";
import type { Listener, Store } from "../store/connection.ts";
import { listenForAnnouncements } from "../store/listen.ts";
import { SecondLook } from "./second-look.ts";

export interface NotifierOptions {
  store: Store;
  onAnnouncement: (announcement: Announcement) => void;
  /** From now on they come; earlier ones may have been missed. */
  onListening: () => void;
  /** None come any more: run the next round. */
  onLost: () => void;
}

/** A connection that a firewall has forgotten tells nobody: it must be asked. */
const checkMs = 30_000;

export class Notifier {
  readonly #options: NotifierOptions;
  #listener: Listener | undefined;
  readonly #secondLook: SecondLook;

  constructor(options: NotifierOptions) {
    this.#options = options;
    const { onAnnouncement } = options;
    this.#secondLook = new SecondLook(() => {
      onAnnouncement({ kind: "due" });
      onAnnouncement({ kind: "future" });
    });
  }

  async runOnce(): Promise<number> {
    const { store, onListening } = this.#options;
    if (store.pooled) return Number.POSITIVE_INFINITY;
    if (this.#listener === undefined) {
      await this.#listen();
      onListening();
    } else {
      await this.#listener.check().catch(async (error: unknown) => {
        await this.stop();
        throw error;
      });
    }
    return checkMs;
  }

  async stop(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    this.#secondLook.stop();
    await listener?.close();
  }

  async #listen(): Promise<void> {
    const { store, onAnnouncement, onLost } = this.#options;
    const listener = await listenForAnnouncements(store, (announcement) => {
      onAnnouncement(announcement);
      if ("more" in announcement) this.#secondLook.hear();
    });
    this.#listener = listener;
    listener.lost.then(async () => {
      if (this.#listener !== listener) return;
      await this.stop();
      onLost();
    });
  }
}
