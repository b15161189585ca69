/** What a worker makes of the announcements that it hears. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { Notifier } from "../../src/engine/notifier.ts";
import { type Announcement, channel } from "../../src/store/announce.ts";
import { createDatabase, type TestDatabase } from "../postgres.ts";
import { until } from "../until.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

test("one that stands for later commits too has workers look again, twice, and no other does", async () => {
  const heard: Announcement[] = [];
  const notifier = new Notifier({
    store: database.store,
    onAnnouncement: (announcement) => heard.push(announcement),
    onListening: () => {},
    onLost: () => {},
  });
  await notifier.runOnce();
  const again = [{ kind: "due" }, { kind: "future" }];
  try {
    await database.store.sql.notify(channel, '{"kind":"queues"}');
    // The second comes before the looks of the first: they are one.
    await database.store.sql`
      select pg_notify(${channel}, message)
      from unnest(array['{"kind":"due","more":true}', '{"kind":"future","more":true}']) as message`;
    await until(() => heard.length === 7);
    expect(heard).toEqual([
      { kind: "queues" },
      { kind: "due", more: true },
      { kind: "future", more: true },
      ...again,
      ...again,
    ] as Announcement[]);
  } finally {
    await notifier.stop();
  }
});
