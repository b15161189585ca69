/** Companies as a sync knows them. Which there are is the source's affair, which are synced the operator's. */
import { OperatorError } from "../errors.ts";

export interface SyncedCompany {
  /** The source's, codi_emp. */
  code: number;
  enabled: boolean;
  /** Bare. Null, as the name: it has not been read yet. */
  document: string | null;
  name: string | null;
  changedAt: Date;
}

/** A company with what the source says of it, where that is known. */
export interface NamedCompany {
  code: number;
  document?: string;
  name?: string;
}

/** The same words at every door, and in an attempt's error. */
export const companyNotEnabled = (code: number) =>
  new OperatorError("failed", `company ${code} is not enabled`, {
    hint: `fiscaut-tasks company enable ${code}`,
  });
