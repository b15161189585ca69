/** What a sync enqueues: what is new or changed, once, by the latest reading. */
import { describe, expect, test } from "bun:test";
import { cancelTasks } from "../../../src/store/control/cancel.ts";
import { deleteTask } from "../../../src/store/control/delete.ts";
import { disableCompanies } from "../../../src/store/sync/companies.ts";
import { answer, cnpj, createSyncBed, supplier } from "./sync-bed.ts";

const bed = createSyncBed();

describe("a second sync", () => {
  test("of an unchanged company enqueues and sends nothing", async () => {
    await bed.table(1, { supplier: [supplier(1), supplier(2)] });
    expect(await bed.syncOne()).toMatchObject({ read: 2, enqueued: 2, unchanged: 0, batch: { total: 2 } });
    await bed.work();
    expect(bed.names().sort()).toEqual(["SUPPLIER 1", "SUPPLIER 2"]);
    expect(await bed.syncOne()).toMatchObject({ read: 2, enqueued: 0, unchanged: 2, batch: undefined });
    expect(await bed.liveTasks()).toBe(0);
  });

  test("sends what has changed, and what had an error", async () => {
    await bed.table(1, { supplier: [supplier(1), supplier(2), supplier(3)] });
    bed.answer(({ content }) =>
      answer(content["nome_fornecedor"] === "SUPPLIER 2" ? "rejected" : "accepted"),
    );
    await bed.syncOne();
    await bed.work();
    expect(await bed.record("00002")).toMatchObject({ status: "error", message: "422 no", httpStatus: 422 });
    bed.names();
    await bed.table(1, { supplier: [supplier(1), supplier(2), supplier(3, "NEW NAME")] });
    bed.answer("accepted");
    expect(await bed.syncOne()).toMatchObject({ enqueued: 2, unchanged: 1 });
    await bed.work();
    expect(bed.names().sort()).toEqual(["NEW NAME", "SUPPLIER 2"]);
    expect(await bed.record("00002")).toMatchObject({ status: "synced", message: "Saved.", httpStatus: 201 });
  });

  test("with force sends all", async () => {
    await bed.table(1, { supplier: [supplier(1), supplier(2)] });
    await bed.syncOne();
    await bed.work();
    expect(await bed.syncOne({ force: true })).toMatchObject({ enqueued: 2, unchanged: 0 });
    await bed.work();
    expect(bed.sendings.length).toBe(4);
    expect(await bed.syncOne()).toMatchObject({ enqueued: 0, unchanged: 2 });
  });

  test("leaves what a task has under way to that task", async () => {
    await bed.table(1, { supplier: [supplier(1)] });
    await bed.syncOne();
    await bed.table(1, { supplier: [supplier(1, "NEWER")] });
    expect(await bed.syncOne()).toMatchObject({ enqueued: 0, underWay: 1, batch: undefined });
    await bed.work();
    expect(bed.names()).toEqual(["NEWER"]);
    expect(await bed.record("00001")).toMatchObject({ status: "synced" });
  });

  test("sends the records of cancelled and deleted tasks, which are errors meanwhile", async () => {
    await bed.table(1, { supplier: [supplier(1), supplier(2)] });
    const { batch } = await bed.syncOne();
    const { taskId } = await bed.record("00001");
    await deleteTask(bed.store, taskId);
    await cancelTasks(bed.store, { batchId: batch?.id ?? 0 });
    expect((await bed.record("00001")).status).toBe("error");
    expect((await bed.record("00002")).status).toBe("error");
    expect(await bed.syncOne()).toMatchObject({ enqueued: 2 });
    expect((await bed.record("00002")).status).toBe("in_progress");
  });
});

test("a record that the source has no more is marked and not sent; when it comes back it is sent if it has changed", async () => {
  await bed.table(1, { supplier: [supplier(1), supplier(2), supplier(3)] });
  await bed.syncOne();
  await bed.table(1, { supplier: [supplier(3)] });
  expect(await bed.syncOne()).toMatchObject({ missing: 2, underWay: 1 });
  await bed.work();
  expect(bed.names()).toEqual(["SUPPLIER 3"]);
  expect(await bed.record("00001")).toMatchObject({ status: "not_synced", missing: true });
  expect(await bed.syncOne()).toMatchObject({ missing: 0 });
  await bed.table(1, { supplier: [supplier(1), supplier(3)] });
  expect(await bed.syncOne()).toMatchObject({ enqueued: 1, unchanged: 1 });
  await bed.work();
  expect(bed.names()).toEqual(["SUPPLIER 1"]);
  await bed.table(1, { supplier: [supplier(3)] });
  await bed.syncOne();
  await bed.table(1, { supplier: [supplier(1), supplier(3)] });
  expect(await bed.syncOne()).toMatchObject({ enqueued: 0, unchanged: 2 });
  expect(await bed.record("00001")).toMatchObject({ status: "synced", missing: false });
});

describe("of records with one CNPJ", () => {
  test("the last code is sent, and the others are skipped with its code in the reason", async () => {
    const [first, last] = [supplier(3, "FIRST"), { ...supplier(6, "LAST"), document: cnpj(3) }];
    await bed.table(1, { supplier: [last, first] });
    expect(await bed.syncOne()).toMatchObject({ read: 2, enqueued: 1, skipped: { duplicate: 1 } });
    await bed.work();
    expect(bed.names()).toEqual(["LAST"]);
    const { status, message } = await bed.record("00003");
    expect(status).toBe("skipped");
    expect(message).toBe(
      `supplier 00003 FIRST: 00006 has the same CNPJ or CPF ${cnpj(3)}, and is sent in its place`,
    );
  });

  test("the other is sent again when the one in its place goes", async () => {
    const [first, last] = [supplier(3, "FIRST"), { ...supplier(6, "LAST"), document: cnpj(3) }];
    for (const rows of [[first], [first, last], [first]]) {
      await bed.table(1, { supplier: rows });
      expect(await bed.syncOne()).toMatchObject({ enqueued: 1 });
      await bed.work();
    }
    expect(bed.names()).toEqual(["FIRST", "LAST", "FIRST"]);
  });
});

describe("a bad CNPJ", () => {
  test("is skipped with the check digits that are right, and sent only when that is asked for", async () => {
    const bad = { ...supplier(1), document: `${cnpj(1).slice(0, 12)}00` };
    await bed.table(1, { supplier: [bad, supplier(2)] });
    expect(await bed.syncOne()).toMatchObject({ enqueued: 1, skipped: { bad_document: 1 } });
    expect(await bed.record("00001")).toMatchObject({
      status: "skipped",
      message: expect.stringContaining(`ends in check digits 00, where ${cnpj(1).slice(12)} are right`),
    });
    expect(await bed.syncOne({ sendInvalid: true })).toMatchObject({ enqueued: 1, skipped: {} });
    await bed.work();
    expect(bed.names().sort()).toEqual(["SUPPLIER 1", "SUPPLIER 2"]);
    // What Fiscaut has taken is not sent again, whichever way it is asked for.
    expect(await bed.syncOne()).toMatchObject({ enqueued: 0, unchanged: 1, skipped: { bad_document: 1 } });
    expect(await bed.syncOne({ sendInvalid: true })).toMatchObject({ enqueued: 0, unchanged: 2 });
  });

  test("that is corrected is sent", async () => {
    await bed.table(1, { supplier: [{ ...supplier(1), document: "123" }] });
    expect(await bed.syncOne()).toMatchObject({
      enqueued: 0,
      skipped: { bad_document: 1 },
      batch: undefined,
    });
    await bed.table(1, { supplier: [supplier(1)] });
    expect(await bed.syncOne()).toMatchObject({ enqueued: 1, skipped: {} });
    expect(await bed.record("00001")).toMatchObject({ status: "in_progress", message: null });
  });
});

test("rows with one code and without any are counted, and the last one with a code stands", async () => {
  const nameless = { ...supplier(7), code: "" };
  await bed.table(1, { supplier: [supplier(1, "FIRST"), supplier(1, "SECOND"), nameless, nameless] });
  expect(await bed.syncOne()).toMatchObject({ read: 4, enqueued: 1, skipped: { same_code: 1, no_code: 2 } });
  await bed.work();
  expect(bed.names()).toEqual(["SECOND"]);
});

describe("readings of one company", () => {
  test("at once enqueue each record once", async () => {
    await bed.table(1, { supplier: Array.from({ length: 300 }, (_, n) => supplier(n + 1)) });
    const tallies = await Promise.all([bed.syncOne(), bed.syncOne(), bed.syncOne()]);
    const enqueued = tallies.map((tally) => tally.enqueued ?? 0);
    expect(enqueued.reduce((sum, count) => sum + count, 0)).toBe(300);
    expect(await bed.liveTasks()).toBe(300);
  });

  test("that began earlier and end later change nothing", async () => {
    await bed.table(1, { supplier: [supplier(1, "OLD"), supplier(2)] });
    const isReading = Promise.withResolvers<void>();
    const mayGoOn = Promise.withResolvers<void>();
    const older = bed.syncOne({
      async beforeRow() {
        isReading.resolve();
        await mayGoOn.promise;
      },
    });
    await isReading.promise;
    await bed.table(1, { supplier: [supplier(1, "NEW")] });
    expect(await bed.syncOne()).toMatchObject({ enqueued: 1 });
    mayGoOn.resolve();
    expect(await older).toMatchObject({ batch: undefined, overtaken: ["supplier"] });
    await bed.work();
    expect(bed.names()).toEqual(["NEW"]);
  });

  test("that break off change nothing", async () => {
    await bed.table(1, { supplier: [supplier(1)] });
    await bed.syncOne();
    await bed.work();
    await bed.table(1, { supplier: [supplier(1, "NEW"), supplier(2), supplier(3)] });
    const broken = bed.syncOne({
      async beforeRow({ code }) {
        if (code === "00003") throw new Error("the source is gone");
      },
    });
    await expect(broken).rejects.toThrow("the source is gone");
    expect(await bed.liveTasks()).toBe(0);
    expect(await bed.syncOne()).toMatchObject({ enqueued: 3 });
  });
});

describe("companies", () => {
  test("that are not enabled are refused, with the command that enables them", async () => {
    await bed.table(1, { supplier: [supplier(1)] });
    await disableCompanies(bed.store, [1]);
    await expect(bed.syncOne()).rejects.toMatchObject({
      message: "company 1 is not enabled",
      hint: "fiscaut-tasks company enable 1",
    });
    await expect(bed.sync({ companies: "all-enabled" })).rejects.toMatchObject({
      message: "no company is enabled",
    });
  });

  test("at fault do not keep the other enabled ones from being synced", async () => {
    await bed.table(1, { supplier: [supplier(1)] });
    await bed.store.sql`insert into fiscaut_tasks.company (code, enabled) values (2, true), (3, false)`;
    await bed.table(4, { supplier: [supplier(1), supplier(2)] });
    const outcomes = await bed.sync({ companies: "all-enabled" });
    expect(outcomes).toMatchObject([
      { company: { code: 1, name: "COMPANY 1" }, batch: { total: 1 } },
      { companyCode: 2, fault: { message: "the source has no company 2" } },
      { company: { code: 4 }, batch: { total: 2 } },
    ]);
  });
});
