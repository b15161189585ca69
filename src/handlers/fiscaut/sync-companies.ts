/**
 * Syncs one company or all that are enabled, one after another over one connection to the source. Shared by the tasks
 * `fiscaut.sync-suppliers` and so on and by the commands `sync ...`; one company's sync is `sync-company.ts`'s work.
 */
import type { Source, SourceReader } from "../../sources/source.ts";
import { OperatorError } from "../../task/errors.ts";
import { companyNotEnabled } from "../../task/sync/company.ts";
import { type SyncedReading, type SyncRequest, syncCompany } from "./sync-company.ts";
import type { ReadingStore } from "./sync-store.ts";

export interface CompaniesRequest extends SyncRequest {
  source: Source;
  companies: number | "all-enabled";
}

/** How a sync of companies is watched. */
export interface SyncWatch {
  /** A company's sync has ended, one way or the other. */
  onCompany(outcome: CompanyOutcome): void;
  /** @param fraction 0 to 1, of the companies. */
  onProgress(fraction: number, words: string): void;
}

export type CompanyOutcome = SyncedReading | { companyCode: number; fault: OperatorError };

/**
 * A company at fault does not keep the others from being synced; one that is disabled meanwhile is left out.
 * @returns the outcomes at fault, and how many companies there were.
 * @throws OperatorError when the one company asked for is not enabled, or none is, and when the source can't be opened.
 */
export async function syncCompanies(
  store: ReadingStore,
  { source, companies, ...request }: CompaniesRequest,
  { onCompany, onProgress }: SyncWatch,
): Promise<{ total: number; faults: { companyCode: number; fault: OperatorError }[] }> {
  const codes = companies === "all-enabled" ? await store.listEnabledCompanies() : [companies];
  if (codes.length === 0)
    throw new OperatorError("failed", "no company is enabled", { hint: "fiscaut-tasks company enable CODE" });
  const faults: { companyCode: number; fault: OperatorError }[] = [];
  let reader: SourceReader | undefined;
  try {
    for (const [index, code] of codes.entries()) {
      const isEnabled = (await store.findNotEnabled([code])).length === 0;
      if (!isEnabled && companies === "all-enabled") continue;
      if (!isEnabled) throw companyNotEnabled(code);
      const place = codes.length > 1 ? `company ${index + 1} of ${codes.length}` : undefined;
      const tell = (words: string) =>
        onProgress(index / codes.length, place === undefined ? words : `${place}, ${words}`);
      if (place !== undefined) onProgress(index / codes.length, place);
      reader ??= await source.open();
      try {
        onCompany(await syncCompany(store, reader, code, request, tell));
      } catch (error) {
        if (!(error instanceof OperatorError)) throw error;
        // Its connection may be gone.
        if (error.kind === "unavailable") {
          await reader[Symbol.asyncDispose]();
          reader = undefined;
        }
        const outcome = { companyCode: code, fault: error };
        faults.push(outcome);
        onCompany(outcome);
      }
    }
  } finally {
    await reader?.[Symbol.asyncDispose]();
  }
  return { total: codes.length, faults };
}
