/**
 * Records as the source has them, before anything is judged: every value is text without the blanks around it, "" where
 * there is none. A code is text too: it may hold letters and leading zeros. Reading rows is left to `sources/`, judging
 * them to `fiscaut/record.ts`.
 */
import type { RecordKind } from "./record.ts";

/** Of the chart of accounts. `type` is to be A, analytic, or S, synthetic. */
export interface AccountRow {
  code: string;
  classification: string;
  name: string;
  type: string;
}

/** A customer or supplier. `account` is the code of one of the company's accounts; undefined where the source has none. */
export interface PartyRow {
  code: string;
  document: string;
  name: string;
  account: string | undefined;
}

export interface AccumulatorRow {
  code: string;
  name: string;
  description: string;
}

interface RecordRows {
  account: AccountRow;
  customer: PartyRow;
  supplier: PartyRow;
  accumulator: AccumulatorRow;
}

export type RowOf<Kind extends RecordKind> = RecordRows[Kind];
