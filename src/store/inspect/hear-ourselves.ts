/** Whether a notification reaches who listens: through a pooler that hands connections round it does not. */
import { randomBytes } from "node:crypto";
import postgres from "postgres";
import { channel } from "../announce.ts";

/**
 * Listens on a channel of its own over one connection and notifies it over another. Nothing is stored.
 * @returns how long it took, ms; undefined: nothing came within `limitMs`.
 * @throws the driver's error when the database can't be reached or refuses.
 */
export async function hearOurselves(url: string, limitMs: number): Promise<number | undefined> {
  const sql = postgres(url, {
    max: 1,
    connect_timeout: 5,
    // A pooler may hand the next statement to another connection.
    prepare: false,
    onnotice: () => {},
    connection: { application_name: "fiscaut-tasks doctor" },
  });
  const { promise: heard, resolve } = Promise.withResolvers<number | undefined>();
  const timer = setTimeout(() => resolve(undefined), limitMs);
  const own = `${channel}_doctor_${randomBytes(8).toString("hex")}`;
  try {
    let startedMs = 0;
    await sql.listen(own, () => resolve(performance.now() - startedMs));
    startedMs = performance.now();
    await sql`select pg_notify(${own}, '')`;
    return await heard;
  } finally {
    clearTimeout(timer);
    await sql.end({ timeout: 0 });
  }
}
