/**
 * A source over a database that holds the Domínio tables, whatever reads it. Connecting, fetching and the words for
 * what goes wrong are left to the file of each kind.
 */
import {
  type companyColumns,
  type Dialect,
  type DominioQuery,
  type DominioTable,
  dominioQueries,
  dominioTables,
  qualify,
  type RowValues,
  toCompany,
  toSupplier,
} from "./dominio.ts";
import type { Source, SourceReport } from "./source.ts";

/** A connection to the tables, made for one call of a source. Its faults are the driver's own. */
export interface DominioReader {
  readonly driver: string;
  readonly dbms: string;
  readonly dialect: Dialect;
  /** The rows of one query, each with its columns in the query's order; null for NULL. */
  query(query: DominioQuery): AsyncIterable<readonly (string | null)[]>;
  /** Null where the table is not there. */
  count(table: DominioTable): Promise<number | null>;
  /** Never throws: what went wrong has been told. */
  end(): Promise<void>;
}

export interface DominioDatabase {
  /** As `Source` has it. */
  readonly address: string;
  /** Where a company's row stands, for its fault. */
  readonly companyPlace: string;
  /** Leaves nothing open when it throws. */
  open(): Promise<DominioReader>;
  /** Any fault of the reader's in the operator's words. */
  explain(error: unknown): unknown;
}

type Queries = ReturnType<typeof dominioQueries>;

/** Nothing is opened before something is asked. Leaving rows early ends their connection. */
export function openDominioSource({ address, companyPlace, open, explain }: DominioDatabase): Source {
  /** Opening included: whatever fails is explained, and what was opened is ended. */
  async function* reading<Given>(
    give: (reader: DominioReader) => AsyncIterable<Given>,
  ): AsyncGenerator<Given> {
    let reader: DominioReader | undefined;
    try {
      reader = await open();
      yield* give(reader);
    } catch (error) {
      throw explain(error);
    } finally {
      await reader?.end();
    }
  }

  const read = <Columns extends readonly string[], Row>(
    queryOf: (queries: Queries) => DominioQuery<Columns>,
    toRow: (values: RowValues<Columns>) => Row,
  ): AsyncGenerator<Row> =>
    reading(async function* (reader) {
      const query = queryOf(dominioQueries(reader.dialect));
      for await (const row of reader.query(query)) {
        const pairs = query.columns.map((column, at) => [column, row[at] ?? null]);
        yield toRow(Object.fromEntries(pairs) as RowValues<Columns>);
      }
    });
  const readCompany = (values: RowValues<typeof companyColumns>) => toCompany(values, companyPlace);

  return {
    address,

    companies: () => read((queries) => queries.companies(), readCompany),

    async company(code) {
      for await (const company of read((queries) => queries.company(code), readCompany)) return company;
      return undefined;
    },

    suppliers: (companyCode) => read((queries) => queries.suppliers(companyCode), toSupplier),

    async test() {
      const reports = reading(async function* (reader): AsyncGenerator<SourceReport> {
        const { driver, dbms, dialect } = reader;
        const tables: SourceReport["tables"] = [];
        for (const table of Object.keys(dominioTables) as DominioTable[])
          tables.push({ name: qualify(dialect.owner, table), rows: await reader.count(table) });
        yield { driver, dbms, tables };
      });
      for await (const report of reports) return report;
      throw new Error("the source gave no report");
    },
  };
}
