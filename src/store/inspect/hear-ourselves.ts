/** Whether a notification reaches who listens: through a pooler that hands connections round it does not. */
import { randomBytes } from "node:crypto";
import { channel } from "../announce.ts";
import type { Store } from "../connection.ts";

/**
 * Listens on a channel of its own over one connection and notifies it over another. Nothing is stored.
 * @returns how long it took, ms; undefined: nothing came within `limitMs`.
 * @throws the driver's error when the database can't be reached or refuses.
 */
export async function hearOurselves(store: Store, limitMs: number): Promise<number | undefined> {
  const { promise: heard, resolve } = Promise.withResolvers<number | undefined>();
  const own = `${channel}_doctor_${randomBytes(8).toString("hex")}`;
  let startedMs = 0;
  const listener = await store.listen(own, () => resolve(performance.now() - startedMs));
  const timer = setTimeout(() => resolve(undefined), limitMs);
  try {
    startedMs = performance.now();
    await store.sql`select pg_notify(${own}, '')`;
    return await heard;
  } finally {
    clearTimeout(timer);
    await listener.close();
  }
}
