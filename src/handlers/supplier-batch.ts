/**
 * Makes the batch of a company's suppliers: reads the source, leaves out what can't be sent, enqueues the rest.
 * Shared by the `fiscaut.sync-suppliers` task and the `sync suppliers` command.
 */
import { checkDocument, normaliseDocument } from "../fiscaut/cnpj.ts";
import { screenRecord } from "../fiscaut/record.ts";
import type { Source } from "../sources/source.ts";
import type { EnqueuedBatch, NewBatch } from "../task/doors/enqueued.ts";
import { type CheckedTask, checkNewTask } from "../task/doors/new-task.ts";
import { OperatorError } from "../task/errors.ts";
import { fiscautQueue } from "../task/sync/record.ts";
import { syncSupplierName } from "./sync-supplier.ts";

/** The store's `enqueueBatch`, already bound to a store. */
export type EnqueueBatch = (batch: NewBatch, tasks: AsyncIterable<CheckedTask>) => Promise<EnqueuedBatch>;

export interface SupplierBatchRequest {
  source: Source;
  companyCode: number;
  priority: number;
  /** The task on whose behalf, if one: its repeated attempt adds no second batch. */
  enqueuedBy: number | null;
  /** Called for each row left out, in the operator's words. */
  onSkip: (words: string) => void;
}

/**
 * All or nothing: one transaction, in bounded memory.
 * @throws OperatorError when the company is unknown, its CNPJ is bad or the source can't be read.
 */
export async function enqueueSupplierBatch(
  enqueueBatch: EnqueueBatch,
  request: SupplierBatchRequest,
): Promise<EnqueuedBatch> {
  await using reader = await request.source.open();
  const company = await reader.company(request.companyCode);
  if (company === undefined)
    throw new OperatorError("failed", `the source has no company ${request.companyCode}`, {
      hint: "check --company against codi_emp in geempre",
    });
  const document = normaliseDocument(company.document);
  const check = checkDocument(document);
  if (!check.valid)
    throw new OperatorError(
      "failed",
      `company ${company.code} ${company.name}: CNPJ ${document || "(none)"} ${check.fault}`,
      {
        hint: "correct cgce_emp in the accounting database",
      },
    );

  const skipped: Record<string, number> = {};
  async function* tasks(): AsyncGenerator<CheckedTask> {
    for await (const row of reader.records("supplier", request.companyCode)) {
      const screened = screenRecord("supplier", { document }, row);
      if (screened.kind === "skip") {
        skipped[screened.reason] = (skipped[screened.reason] ?? 0) + 1;
        request.onSkip(screened.words);
        continue;
      }
      yield checkNewTask({
        name: syncSupplierName,
        payload: { ...screened.content, codi_emp_odbc: request.companyCode, codi_for_odbc: screened.code },
        queue: fiscautQueue,
        priority: request.priority,
        title: `${row.code} ${row.name}`.slice(0, 200),
      });
    }
  }
  const title = `suppliers of ${company.code} ${company.name}`;
  return await enqueueBatch({ title, skipped, enqueuedBy: request.enqueuedBy }, tasks());
}
