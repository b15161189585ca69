/** What an attempt to send a record does: the newest content, once, in the order of the kinds, by the one task in charge. */
import { describe, expect, test } from "bun:test";
import { retryTask } from "../../../src/store/control/retry.ts";
import { enqueueTask } from "../../../src/store/enqueue/enqueue.ts";
import { disableCompanies, enableCompanies } from "../../../src/store/sync/companies.ts";
import { noteSendResult } from "../../../src/store/sync/send-record.ts";
import { checkNewTask } from "../../../src/task/doors/new-task.ts";
import { fiscautQueue, recordKinds } from "../../../src/task/sync/record.ts";
import { until } from "../../until.ts";
import { account, answer, createSyncBed, customer, type Sending, supplier } from "./sync-bed.ts";

const bed = createSyncBed();

/** Answers are held until `release`. */
function holdAnswers(kind: Parameters<typeof answer>[0] = "accepted") {
  const gate = Promise.withResolvers<void>();
  bed.answer(async () => {
    await gate.promise;
    return answer(kind);
  });
  return gate.resolve;
}

const enqueueByHand = async (code: string) =>
  await enqueueTask(
    bed.store,
    checkNewTask({ name: "fiscaut.sync-supplier", queue: fiscautQueue, payload: { company: 1, code } }),
  );

describe("content that changes while it is sent", () => {
  for (const kind of ["accepted", "rejected"] as const)
    test(`is sent after an answer that is ${kind}, by the same task`, async () => {
      await bed.table(1, { supplier: [supplier(1, "OLD")] });
      await bed.syncOne();
      const release = holdAnswers(kind);
      await bed.work(undefined, async () => {
        if (bed.sendings.length === 0) return false;
        await bed.table(1, { supplier: [supplier(1, "NEW")] });
        expect(await bed.syncOne()).toMatchObject({ enqueued: 0, underWay: 1 });
        bed.answer("accepted");
        release();
        return await until(async () => (await bed.liveTasks()) === 0);
      });
      expect(bed.names()).toEqual(["OLD", "NEW"]);
      expect(await bed.record("00001")).toMatchObject({ status: "synced" });
      expect(await bed.syncOne()).toMatchObject({ unchanged: 1 });
    });

  test("and is skipped by then keeps the reason", async () => {
    await bed.table(1, { supplier: [supplier(1)] });
    await bed.syncOne();
    const release = holdAnswers();
    await bed.work(undefined, async () => {
      if (bed.sendings.length === 0) return false;
      await bed.table(1, { supplier: [{ ...supplier(1), document: "123" }] });
      await bed.syncOne();
      release();
      return await until(async () => (await bed.liveTasks()) === 0);
    });
    expect(await bed.record("00001")).toMatchObject({
      status: "skipped",
      message: expect.stringContaining("has 3 characters"),
    });
  });
});

describe("an answer", () => {
  test("that promises nothing leaves the record under way, and makes an error of it with the last attempt", async () => {
    await bed.table(1, { supplier: [supplier(1)] });
    await bed.syncOne();
    await bed.store.sql`update fiscaut_tasks.task set max_attempts = 2, backoff = 'fixed:50ms'`;
    const seen: string[] = [];
    bed.answer(async () => {
      seen.push((await bed.record("00001")).status);
      return answer("unavailable");
    });
    await bed.work();
    expect(seen).toEqual(["in_progress", "in_progress"]);
    expect(await bed.record("00001")).toMatchObject({
      status: "error",
      message: "503 later",
      httpStatus: 503,
    });
    bed.answer("accepted");
    expect(await bed.syncOne()).toMatchObject({ enqueued: 1 });
  });

  test("to an attempt that its task was taken from changes nothing", async () => {
    await bed.table(1, { supplier: [supplier(1)] });
    await bed.syncOne();
    const { taskId } = await bed.record("00001");
    const key = { company: 1, kind: "supplier", code: "00001" } as const;
    const stale = { id: taskId, claimedAt: "2026-01-01 00:00:00+00", priority: 0 };
    await noteSendResult(bed.store, key, stale, {
      contentHash: "old",
      verdict: "accepted",
      httpStatus: 201,
      message: "Saved.",
      response: "{}",
    });
    expect(await bed.record("00001")).toMatchObject({ status: "in_progress", message: null });
  });
});

describe("a task that is not in charge", () => {
  test("sends nothing while another is", async () => {
    await bed.table(1, { supplier: [supplier(1)] });
    await bed.syncOne();
    const { id } = await enqueueByHand("00001");
    await bed.work(1);
    expect(bed.sendings.length).toBe(1);
    expect((await bed.record("00001")).taskId).not.toBe(id);
  });

  test("takes a record up that nobody else is to send, by hand or revived", async () => {
    await bed.table(1, { supplier: [supplier(1)] });
    bed.answer("rejected");
    await bed.syncOne();
    const { taskId } = await bed.record("00001");
    await bed.work();
    await retryTask(bed.store, taskId);
    await bed.work();
    expect(bed.sendings.length).toBe(2);
    const { id } = await enqueueByHand("00001");
    bed.answer("accepted");
    await bed.work();
    expect(await bed.record("00001")).toMatchObject({ status: "synced", taskId: id });
    await retryTask(bed.store, taskId);
    await bed.work();
    expect(bed.sendings.length).toBe(3);
  });

  test("fails where no reading has told of its record", async () => {
    await bed.table(1, {});
    const worker = await bed.start();
    const { id } = await enqueueByHand("99999");
    expect((await worker.event("failed", id)).message).toContain(
      "no supplier 99999 of company 1 has been read",
    );
    await worker.worker.stop("the test ends", 0);
  });
});

test("of a company that is disabled nothing more is sent, and the next sync after it is enabled sends the rest", async () => {
  await bed.table(1, { supplier: [supplier(1), supplier(2), supplier(3)] });
  await bed.syncOne();
  bed.answer(async () => {
    await disableCompanies(bed.store, [1]);
    return answer("accepted");
  });
  await bed.work(1);
  expect(bed.names()).toEqual(["SUPPLIER 1"]);
  expect(await bed.record("00002")).toMatchObject({ status: "not_synced" });
  await enableCompanies(bed.store, [{ code: 1 }]);
  bed.answer("accepted");
  expect(await bed.syncOne()).toMatchObject({ enqueued: 2, unchanged: 1 });
});

test("kinds are sent in their order, by ten slots too, and a retry holds no later kind up", async () => {
  const rows = Array.from({ length: 25 }, (_, n) => n + 1);
  const parties = rows.map((n) => supplier(n));
  const tables = {
    account: rows.map((n) => account(n)),
    customer: rows.map((n) => customer(n)),
    supplier: parties,
  };
  await bed.table(1, tables);
  await bed.sync({ kinds: [...recordKinds] });
  await bed.store.sql`update fiscaut_tasks.task set backoff = 'fixed:1h'`;
  const open = new Set<Sending>();
  const overtaken: string[] = [];
  bed.answer(async (sending) => {
    for (const other of open)
      if (recordKinds.indexOf(other.kind) < recordKinds.indexOf(sending.kind)) overtaken.push(sending.kind);
    open.add(sending);
    // The last ones of a kind are still under way when nothing else of it is left to be claimed.
    await Bun.sleep(Number(sending.content["codigo"] ?? 20) % 5 === 0 ? 150 : 20);
    open.delete(sending);
    return answer(sending.content["codigo"] === "7" ? "unavailable" : "accepted");
  });
  await bed.work(10, async () => (await bed.liveTasks()) === 1);
  expect(overtaken).toEqual([]);
  expect(bed.sendings.length).toBe(75);
  expect(await bed.record("7", "account")).toMatchObject({ status: "in_progress", message: "503 later" });
});
