/**
 * Domínio's own database over ODBC. The driver runs in a process of its own, one a call (`reader-process.ts`); which
 * columns mean what is left to `dominio.ts`.
 */
import {
  type companyColumns,
  type DominioQuery,
  type DominioTable,
  dominioOwner,
  dominioQueries,
  dominioTables,
  type RowValues,
  toCompany,
  toSupplier,
} from "../dominio.ts";
import type { Source, SourceReport } from "../source.ts";
import { redactConnectionString } from "./connection-string.ts";
import { explainOdbcFault, isMissingTable } from "./explain-fault.ts";
import { type Reader, type ReaderCommand, startReader } from "./reader-process.ts";

export interface OdbcOptions {
  readonly command: ReaderCommand;
  /** Its abort ends whatever is read, with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** 15 s where it is not given. */
  readonly loginTimeoutMs?: number;
  /** Of a query's start, and again of each portion of its rows; 5 minutes where it is not given. */
  readonly queryTimeoutMs?: number;
}

type Queries = ReturnType<typeof dominioQueries>;

/** @param connectionString as drivers take it: `DSN=...;UID=...;PWD=...`. Nothing is opened before something is asked. */
export function openOdbcSource(connectionString: string, options: OdbcOptions): Source {
  const { command, signal, loginTimeoutMs = 15_000, queryTimeoutMs = 300_000 } = options;

  async function start(): Promise<Reader> {
    try {
      return await startReader({ connectionString, command, signal, loginTimeoutMs, queryTimeoutMs });
    } catch (error) {
      throw explainOdbcFault(error);
    }
  }

  async function* read<Columns extends readonly string[], Row>(
    queryOf: (queries: Queries) => DominioQuery<Columns>,
    toRow: (values: RowValues<Columns>) => Row,
  ): AsyncGenerator<Row> {
    const reader = await start();
    try {
      const query = queryOf(dominioQueries({ marker: "?", owner: ownerIn(reader) }));
      for await (const row of reader.query(query)) {
        const pairs = query.columns.map((column, at) => [column, row[at] ?? null]);
        yield toRow(Object.fromEntries(pairs) as RowValues<Columns>);
      }
    } catch (error) {
      throw explainOdbcFault(error);
    } finally {
      await reader.end();
    }
  }
  const readCompany = (values: RowValues<typeof companyColumns>) => toCompany(values, "geempre");

  return {
    address: `odbc:${redactConnectionString(connectionString)}`,

    companies: () => read((queries) => queries.companies(), readCompany),

    async company(code) {
      for await (const company of read((queries) => queries.company(code), readCompany)) return company;
      return undefined;
    },

    suppliers: (companyCode) => read((queries) => queries.suppliers(companyCode), toSupplier),

    async test() {
      const reader = await start();
      try {
        const owner = ownerIn(reader);
        const queries = dominioQueries({ marker: "?", owner });
        const tables: SourceReport["tables"] = [];
        for (const table of Object.keys(dominioTables) as DominioTable[]) {
          const rows = await countRows(reader, queries.count(table));
          tables.push({ name: owner === undefined ? table : `${owner}.${table}`, rows });
        }
        return { driver: reader.driver, dbms: reader.dbms, tables };
      } catch (error) {
        throw explainOdbcFault(error);
      } finally {
        await reader.end();
      }
    },
  };
}

/** SQLite has no owners: a copy of the tables lies in the file itself. */
function ownerIn({ dbms }: Reader): string | undefined {
  return /^sqlite/i.test(dbms) ? undefined : dominioOwner;
}

async function countRows(reader: Reader, query: DominioQuery): Promise<number | null> {
  try {
    for await (const [count] of reader.query(query)) return Number(count);
    return null;
  } catch (error) {
    if (isMissingTable(error)) return null;
    throw error;
  }
}
