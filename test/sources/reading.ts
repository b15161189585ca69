/** One reading of a source by a reader of its own. What is asked of the reader is each test's affair. */
import type { Source, SourceReader } from "../../src/sources/source.ts";
import type { RecordKind } from "../../src/task/sync/record.ts";
import type { RowOf } from "../../src/task/sync/row.ts";

export async function reading<Result>(
  source: Source,
  read: (reader: SourceReader) => Promise<Result>,
): Promise<Result> {
  await using reader = await source.open();
  return await read(reader);
}

export const readCompany = (source: Source, code: number) =>
  reading(source, (reader) => reader.company(code));

export const readCompanies = (source: Source) =>
  reading(source, (reader) => Array.fromAsync(reader.companies()));

export const readRecords = <Kind extends RecordKind>(
  source: Source,
  kind: Kind,
  companyCode: number,
): Promise<RowOf<Kind>[]> => reading(source, (reader) => Array.fromAsync(reader.records(kind, companyCode)));

export const testSource = (source: Source) => reading(source, (reader) => reader.test());
