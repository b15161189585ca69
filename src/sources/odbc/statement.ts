/**
 * One query over ODBC and its rows, every value as text in the driver's own words, so that numbers stay exact. Padding is
 * left on: `dominio.ts` takes it off. Connections are `connection.ts`'s work.
 */
import { handleKind, readFault } from "./diagnostics.ts";
import { allocate, type DriverManager, fromWide, returned, toWide } from "./driver-manager.ts";
import { OdbcFault } from "./odbc-fault.ts";

/** One value a column, in the query's order; null for NULL. */
export type Row = (string | null)[];

/** Of `sql.h` and `sqlext.h`. */
const queryTimeout = 0;
const inputParameter = 1;
const bigint = { inC: -25, inSql: -5, digits: 19n };
const wideText = -8;
const nullData = -1n;
const unknownLength = -4n;
const endsInTerminator = -3;

/** What one call gives of a value; a longer one comes in pieces. */
const pieceBytes = 8_192;
/** No column of the Domínio tables comes near: beyond it the query isn't theirs, and memory would not be bounded. */
const longestValueBytes = 1_048_576;

/** @throws OdbcFault, also after rows have been given. */
export function* openStatement(
  odbc: DriverManager,
  statement: bigint,
  text: string,
  parameters: readonly number[],
  queryTimeoutMs: number,
): Generator<Row> {
  // A driver without query time-outs refuses; the parent's clock remains.
  const seconds = BigInt(Math.max(1, Math.ceil(queryTimeoutMs / 1000)));
  odbc.SQLSetStmtAttrW(statement, queryTimeout, seconds, 0);
  const fail = () => readFault(odbc, handleKind.statement, statement, "query");
  const check = (result: number) => {
    if (result !== returned.success && result !== returned.successWithInfo) throw fail();
  };
  // The driver reads them when it executes: they are held until then.
  const bound = parameters.map((value, index) => {
    const memory = { value: allocate(8), length: allocate(8) };
    memory.value.writeBigInt64LE(BigInt(value));
    memory.length.writeBigInt64LE(8n);
    check(
      odbc.SQLBindParameter(
        statement,
        index + 1,
        inputParameter,
        bigint.inC,
        bigint.inSql,
        bigint.digits,
        0,
        memory.value,
        8n,
        memory.length,
      ),
    );
    return memory;
  });
  const executed = odbc.SQLExecDirectW(statement, toWide(text), endsInTerminator);
  if (executed !== returned.noData) check(executed);
  bound.length = 0;

  const columns = allocate(2);
  check(odbc.SQLNumResultCols(statement, columns));
  const width = columns.readInt16LE();
  const readValue = createValueReader(odbc, statement, check);
  for (;;) {
    const fetched = odbc.SQLFetch(statement);
    if (fetched === returned.noData) return;
    check(fetched);
    yield Array.from({ length: width }, (_, column) => readValue(column + 1));
  }
}

/** Its memory serves all values. Columns are read once each, from left to right, as every driver allows. */
function createValueReader(
  odbc: DriverManager,
  statement: bigint,
  check: (result: number) => void,
): (column: number) => string | null {
  const piece = allocate(pieceBytes);
  const indicator = allocate(8);
  const mostTextBytes = pieceBytes - 2; // a terminator ends every piece
  return (column) => {
    let value = "";
    for (;;) {
      const result = odbc.SQLGetData(statement, column, wideText, piece, BigInt(pieceBytes), indicator);
      if (result === returned.noData) return value; // the last piece filled the memory
      check(result);
      const left = indicator.readBigInt64LE();
      if (left === nullData) return null;
      const isCut = result === returned.successWithInfo && (left === unknownLength || left > mostTextBytes);
      if (!isCut && left === unknownLength)
        return value + (fromWide(piece, mostTextBytes).split("\0", 1)[0] ?? "");
      value += fromWide(piece, isCut ? mostTextBytes : Number(left));
      if (!isCut) return value;
      if (value.length * 2 > longestValueBytes) {
        const message = `a value of column ${column} is longer than ${longestValueBytes} bytes`;
        throw new OdbcFault({ step: "query", state: "22001", message });
      }
    }
  };
}
