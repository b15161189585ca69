/**
 * Domínio's own database over ODBC. The driver runs in a process of its own, one a connection (`reader-process.ts`); which
 * columns mean what is left to `dominio.ts`.
 */
import { dominioOwner } from "../dominio.ts";
import { openDominioSource } from "../dominio-source.ts";
import type { Source } from "../source.ts";
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

/** @param connectionString as drivers take it: `DSN=...;UID=...;PWD=...`. Nothing is opened before something is asked. */
export function openOdbcSource(connectionString: string, options: OdbcOptions): Source {
  const { command, signal, loginTimeoutMs = 15_000, queryTimeoutMs = 300_000 } = options;
  return openDominioSource({
    address: `odbc:${redactConnectionString(connectionString)}`,
    companyPlace: "geempre",
    isMissingTable,
    explain: explainOdbcFault,
    async open() {
      const reader = await startReader({ connectionString, command, signal, loginTimeoutMs, queryTimeoutMs });
      return { ...reader, dialect: { marker: "?", owner: ownerIn(reader) } };
    },
  });
}

/** SQLite has no owners: a copy of the tables lies in the file itself. */
function ownerIn({ dbms }: Reader): string | undefined {
  return /^sqlite/i.test(dbms) ? undefined : dominioOwner;
}
