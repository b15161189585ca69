/**
 * The process that reads over ODBC, from within: answers the worker's questions, one at a time. A call of a driver
 * blocks it, and a fault of a driver ends it; what then becomes of the worker is `reader-process.ts`'s work.
 */
import { type Connection, connect } from "./connection.ts";
import type { FromReader, ToReader } from "./messages.ts";
import { OdbcFault } from "./odbc-fault.ts";
import type { Row } from "./statement.ts";

/** An answer holds no more than these, but for one row. */
const mostRows = 500;
const mostCharacters = 262_144;

export interface ServedReader {
  /** To be called with every question. */
  take(question: ToReader): void;
  /** Gives the connection back, as the database's server likes it. */
  close(): void;
}

/** @param send takes an answer to the worker. */
export function serveReader(send: (answer: FromReader) => void, open = connect): ServedReader {
  let connection: Connection | undefined;
  let rows: Generator<Row> | undefined;

  function answer(question: ToReader): FromReader {
    if (question.kind === "open") {
      connection = open(question);
      return { kind: "opened", driver: connection.driver, dbms: connection.dbms };
    }
    if (question.kind === "query") {
      rows?.return(undefined); // its statement is freed: not every driver has two at a time
      rows = connection?.query(question.text, question.parameters);
    }
    if (rows === undefined) throw new Error(`"${question.kind}" was asked too early`);
    return readChunk(rows);
  }

  return {
    take(question) {
      try {
        send(answer(question));
      } catch (error) {
        if (!(error instanceof OdbcFault)) throw error;
        send({ kind: "fault", diagnostic: error.diagnostic });
      }
    },
    close() {
      rows?.return(undefined);
      connection?.close();
    },
  };
}

function readChunk(source: Generator<Row>): FromReader {
  const rows: Row[] = [];
  let characters = 0;
  while (rows.length < mostRows && characters < mostCharacters) {
    const { value, done } = source.next();
    if (done) return { kind: "rows", rows, isLast: true };
    rows.push(value);
    for (const text of value) characters += text?.length ?? 0;
  }
  return { kind: "rows", rows, isLast: false };
}
