/** Reads what the driver manager and the driver have to say of a call that failed. Explaining it: `explain-fault.ts`. */
import { allocate, type DriverManager, fromWide, returned } from "./driver-manager.ts";
import { type Diagnostic, OdbcFault } from "./odbc-fault.ts";

/** Of `sql.h`: which kind of handle a number is. */
export const handleKind = { environment: 1, connection: 2, statement: 3 } as const;

export type HandleKind = (typeof handleKind)[keyof typeof handleKind];

const longestMessage = 2_000;
/** A driver that repeats itself for ever is heard no longer. */
const mostRecords = 8;

/**
 * The records of the handle's last call as one fault: the state of the first that is an error's, all their words.
 * A driver manager may tell of a driver that it can't load under a state of mere warnings (01000).
 */
export function readFault(
  odbc: DriverManager,
  kind: HandleKind,
  handle: bigint,
  step: Diagnostic["step"],
): OdbcFault {
  const state = allocate(12);
  const nativeCode = allocate(4);
  const message = allocate(longestMessage * 2);
  const length = allocate(2);
  const records: { state: string; message: string }[] = [];
  while (records.length < mostRecords) {
    const result = odbc.SQLGetDiagRecW(
      kind,
      handle,
      records.length + 1,
      state,
      nativeCode,
      message,
      longestMessage,
      length,
    );
    if (result !== returned.success && result !== returned.successWithInfo) break;
    const characters = Math.min(Math.max(length.readInt16LE(), 0), longestMessage - 1);
    // Some drivers count bytes where characters are meant: what follows the terminator is none of it.
    const [text = ""] = fromWide(message, characters * 2).split("\0", 1);
    records.push({ state: fromWide(state, 10), message: text.trim() });
  }
  const chosen = records.find((record) => !/^0[01]/.test(record.state)) ?? records[0];
  return new OdbcFault({
    step,
    state: chosen?.state ?? "",
    message: [...new Set(records.map((record) => record.message))].join("; ") || "no reason given",
  });
}
