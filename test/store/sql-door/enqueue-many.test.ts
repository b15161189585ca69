/** `fiscaut_tasks.enqueue_many`: many tasks that differ in their payloads alone. */
import { describe, expect, test } from "bun:test";
import { askedNames } from "../../../src/store/task-columns.ts";
import { maxPayloadBytes } from "../../../src/task/doors/new-task.ts";
import { succeeded } from "../enqueue/once-bed.ts";
import { createSqlDoorBed } from "./sql-door-bed.ts";

const { bed } = createSqlDoorBed();

/** @param options as SQL writes them, `priority => 1`. */
async function enqueueMany(payloads: unknown, options = "", name = "a"): Promise<number[]> {
  const rows = await bed.store.sql.unsafe<{ id: number }[]>(
    `select id from fiscaut_tasks.enqueue_many($1, $2::text::jsonb${options && `, ${options}`}) as id`,
    [name, JSON.stringify(payloads) ?? null],
  );
  return rows.map(({ id }) => id);
}
const stored = async () => [
  ...(await bed.store.sql.unsafe(`
    select ${askedNames}, after, waiting, due, case when run_at = '2031-01-01' then 'fixed' else (run_at - created_at)::text end as planned
    from fiscaut_tasks.task order by id`)),
];

describe("many tasks at once", () => {
  test("are stored as one by one, with their ids in the order of the payloads", async () => {
    const payloads = [{ company: 1 }, [], "text", null, 1.5, { text: "é".repeat(400) }];
    const optionSets = [
      "",
      "queue => 'never-seen-by-many', priority => 7, delay => '1 minute', max_attempts => 3, timeout => '2 s'," +
        "backoff => 'fixed:60s', title => 'One of many'",
      "run_at => '2031-01-01', serial_key => 's'",
      ...["queue", "priority", "run_at", "delay", "max_attempts", "timeout", "backoff", "serial_key", "title"]
        .concat("wake")
        .map((name) => `${name} => null`),
    ];
    for (const options of optionSets) {
      await bed.clear();
      const ids = await enqueueMany(payloads, options);
      expect(ids).toEqual(ids.toSorted((a, b) => a - b));
      const many = await stored();
      await bed.clear();
      for (const payload of payloads)
        await bed.store.sql.unsafe(
          `select fiscaut_tasks.enqueue('a', $1::text::jsonb${options && `, ${options}`})`,
          [JSON.stringify(payload)],
        );
      expect([options, many]).toEqual([options, await stored()]);
      expect(many.map(({ payload }) => payload)).toEqual(payloads);
    }
    const [queue] = await bed.store.sql`select 1 from fiscaut_tasks.queue where name = 'never-seen-by-many'`;
    expect(queue).toBeDefined();
  });

  test("of one serial key run one at a time, in their order", async () => {
    const ids = await enqueueMany([1, 2, 3], "serial_key => 's'");
    for (const id of ids) {
      const [task, ...others] = await bed.claimAll(3);
      expect([task?.id, others]).toEqual([id, []]);
      if (task !== undefined) await bed.complete(task, succeeded);
    }
  });

  test("are none for no payloads, and leave no queue behind", async () => {
    expect(await enqueueMany([], "queue => 'of-nothing'")).toEqual([]);
    expect(await bed.store.sql`select 1 from fiscaut_tasks.queue where name = 'of-nothing'`).toBeEmpty();
  });

  test("are all refused with one that is no good, which is told by its place", async () => {
    const tooLong = "x".repeat(maxPayloadBytes + 1);
    await expect(enqueueMany([{}, "x".repeat(400), { tooLong }])).rejects.toMatchObject({
      code: "22023",
      message: `payloads[2]: the payload is larger than ${maxPayloadBytes} bytes`,
      hint: "store the bulk elsewhere and enqueue a reference to it",
    });
    expect(await stored()).toEqual([]);
  });

  test("are refused for what is wrong with all of them, every fault at once", async () => {
    await expect(enqueueMany([{}], "priority => 40000, backoff => 'hourly'", "a b")).rejects.toMatchObject({
      code: "22023",
      message:
        "the task's name may hold letters, digits and _ . : - only; " +
        "priority is 40000, not between -32768 and 32767; " +
        'the back-off "hourly" is not one such as django, django~10%, exponential:1s..1h or fixed:30s',
      hint: "correct it, or leave it out: what has a default may also be null",
    });
    for (const payloads of [undefined, null, { company: 1 }, "[]"])
      await expect(enqueueMany(payloads, "title => ''")).rejects.toMatchObject({
        code: "22023",
        message: "the title is empty; payloads is not a JSON array",
        hint: 'give one payload a task: [{"company": 1}, {"company": 2}]',
      });
    expect(await stored()).toEqual([]);
  });
});
