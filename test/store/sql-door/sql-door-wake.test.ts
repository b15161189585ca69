/** What `fiscaut_tasks.enqueue` and `enqueue_many` announce to workers, and what it leaves to another's announcement. */
import { describe, expect, test } from "bun:test";
import { type Announcement, channel, parseAnnouncement } from "../../../src/store/announce.ts";
import { until } from "../../until.ts";
import { createSqlDoorBed } from "./sql-door-bed.ts";

const { bed, enqueue, inTransaction } = createSqlDoorBed();

describe("workers are told", () => {
  /** When the last announcement was made: as if it were so long ago, in ms. */
  const announcedBefore = (ms: number) =>
    bed.store.sql`
      select setval('fiscaut_tasks.announced_at', (extract(epoch from clock_timestamp()) * 1000)::bigint - ${ms}::bigint)`;
  const longAgoMs = 60_000;

  /** @param beforeMs when the one before was, left out: long ago. */
  async function hear(work: () => Promise<unknown>, beforeMs = longAgoMs): Promise<Announcement[]> {
    const heard: (Announcement | undefined)[] = [];
    const { unlisten } = await bed.store.sql.listen(channel, (message) => {
      heard.push(message === "end" ? undefined : parseAnnouncement(message));
    });
    await announcedBefore(beforeMs);
    await work();
    await bed.store.sql.notify(channel, "end");
    await until(() => heard.includes(undefined));
    await unlisten();
    return heard.filter((announcement) => announcement !== undefined);
  }
  const [due, future] = [
    { kind: "due", more: true },
    { kind: "future", more: true },
  ] as const;

  test("once of many in one transaction, and of future ones apart", async () => {
    const heard = await hear(() =>
      inTransaction(async (sql) => {
        for (let index = 0; index < 20; index++) await enqueue({}, sql);
        await enqueue({ delayMs: 60_000 }, sql);
      }),
    );
    expect(heard).toEqual([due, future]);
  });

  test("once of many in one call, unless the caller does not want it", async () => {
    const many = (options: string) => () =>
      bed.store.sql.unsafe(`select fiscaut_tasks.enqueue_many('a', '[1, 2, 3]', ${options})`);
    expect(await hear(many("delay => null"))).toEqual([due]);
    expect(await hear(many("delay => '1 minute'"))).toEqual([future]);
    expect(await hear(many("wake => false"))).toEqual([]);
    // Whatever the same transaction asks for next.
    const mixed = () =>
      inTransaction(async (sql) => {
        await sql`select fiscaut_tasks.enqueue_many('a', '[1, 2]', delay => '1 minute')`;
        await sql`select fiscaut_tasks.enqueue_many('a', '[1, 2]', wake => false)`;
      });
    expect(await hear(mixed)).toEqual([future]);
  });

  test("of nothing where nothing was added, or the caller does not want it", async () => {
    const quietly = (sql = bed.store.sql) => sql`select fiscaut_tasks.enqueue('a', wake => false)`;
    expect(await hear(() => quietly())).toEqual([]);
    // Whatever the same transaction has asked for before.
    const mixed = () =>
      inTransaction(async (sql) => [await enqueue({ delayMs: 60_000 }, sql), await quietly(sql)]);
    expect(await hear(mixed)).toEqual([future]);
    await enqueue({ key: "k" });
    expect(await hear(() => enqueue({ key: "k" }))).toEqual([]);
    expect(await hear(() => enqueue({ key: "k", onConflict: "reschedule" }))).toEqual([{ kind: "due" }]);
  });

  test("of tasks that wait for others, and of a replaced one, which others may wait for", async () => {
    const id = await enqueue({ key: "k" });
    expect(await hear(() => enqueue({ after: [id] }))).toEqual([{ kind: "waiting" }, { kind: "ended" }]);
    const replacing = await hear(() => enqueue({ key: "k", onConflict: "replace" }));
    expect(replacing).toEqual([{ kind: "ended" }, due]);
  });

  test("nothing of a commit within milliseconds of another's announcement, which stands for it", async () => {
    // Until the machine is that quick.
    await until(async () => (await hear(() => enqueue({}), 0)).length === 0);
  });

  test("nothing of a commit while another is about to announce, and no commit waits for that", async () => {
    const heard = await hear(() =>
      inTransaction(async (sql) => {
        await enqueue({}, sql);
        await sql`set constraints all immediate`;
        await announcedBefore(longAgoMs);
        await Promise.all(Array.from({ length: 4 }, () => enqueue({})));
      }),
    );
    expect(heard).toEqual([due]);
  });

  test("at the commit, however long after its enqueue and whatever was announced in between", async () => {
    const heard = await hear(
      () =>
        inTransaction(async (sql) => {
          await enqueue({}, sql);
          await announcedBefore(longAgoMs);
        }),
      0,
    );
    expect(heard).toEqual([due]);
  });

  test("also where the clock was set back since, and after a rollback", async () => {
    expect(await hear(() => enqueue({}), -3_600_000)).toEqual([due]);
    const rolledBack = () =>
      inTransaction(async (sql) => {
        await enqueue({}, sql);
        throw new Error("the caller's own fault");
      }).catch(() => enqueue({}));
    expect(await hear(rolledBack)).toEqual([due]);
  });
});
