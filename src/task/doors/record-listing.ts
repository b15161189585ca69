/** Which of the sync's records a list shows, as every door asks for them. Their conditions in SQL are the store's. */
import { z } from "zod";
import { OperatorError } from "../errors.ts";
import { once } from "../once.ts";
import { kindPlurals, type RecordKind, recordKinds } from "../sync/record.ts";
import { type RecordCursor, shownStatuses } from "../sync/shown-record.ts";
import { describeIssues } from "./new-task.ts";

/** One list shows no more. */
export const maxRecordsListed = 500;
export const defaultRecordsListed = 50;

const kindByWord = new Map<string, RecordKind>(
  recordKinds.flatMap((kind) => [
    [kind, kind],
    [kindPlurals[kind], kind],
  ]),
);

/** `supplier`, as it stands in a record, or `suppliers`, as commands have it. */
export const recordKindSchema = once(() =>
  z.string().transform((word, context): RecordKind => {
    const kind = kindByWord.get(word);
    if (kind !== undefined) return kind;
    context.addIssue({ code: "custom", message: `expected one of ${Object.values(kindPlurals).join(", ")}` });
    return z.NEVER;
  }),
);

const wholeNumber = (from: number, to: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, `expected a whole number from ${from}`)
    .transform(Number)
    .refine((number) => number >= from && number <= to, `expected a whole number from ${from} to ${to}`);

/** codi_emp */
export const companyCodeSchema = once(() => wholeNumber(1, 999_999_999_999_999));

const cursorPattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z),(\d{1,15}),([a-z]+),(.+)$/s;

const cursorSchema = once(() =>
  z.string().transform((text, context): RecordCursor => {
    const [, at = "", company = "", word = "", code = ""] = cursorPattern.exec(text) ?? [];
    const kind = kindByWord.get(word);
    if (kind !== undefined && !Number.isNaN(Date.parse(at)))
      return { at, company: Number(company), kind, code };
    context.addIssue({
      code: "custom",
      message: "expected the cursor of a page, as the page before tells it",
    });
    return z.NEVER;
  }),
);

/** As text, for a query and for flags alike. */
export const recordListingSchema = once(() =>
  z.strictObject({
    company: companyCodeSchema().optional(),
    kind: recordKindSchema().optional(),
    status: z.enum(shownStatuses).optional(),
    code: z.string().min(1).max(200).optional(),
    limit: wholeNumber(1, maxRecordsListed).default(defaultRecordsListed),
    after: cursorSchema().optional(),
  }),
);
export type RecordListing = z.output<ReturnType<typeof recordListingSchema>>;
export type RecordFilter = Omit<RecordListing, "limit">;

/** A code is one of a company's: without that it would have to be looked for among all. */
export const codeNeedsCompany = new OperatorError(
  "usage",
  "a code is one of a company's: give the company too",
);

/** @throws OperatorError "usage", naming every fault. */
export function checkRecordListing(input: Record<string, string | undefined>): RecordListing {
  const parsed = recordListingSchema().safeParse(input);
  if (!parsed.success) throw new OperatorError("usage", describeIssues(parsed.error));
  if (parsed.data.code !== undefined && parsed.data.company === undefined) throw codeNeedsCompany;
  return parsed.data;
}

export const formatCursor = ({ at, company, kind, code }: RecordCursor) => `${at},${company},${kind},${code}`;
