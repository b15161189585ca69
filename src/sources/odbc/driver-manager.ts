/**
 * The system's ODBC driver manager as it stands: its library and the functions used of it, wide characters throughout.
 * What they are called for is left to `connection.ts` and `statement.ts`.
 */
import { dlopen } from "bun:ffi";
import { OdbcFault } from "./odbc-fault.ts";

/** `SQLLEN` and handles are as wide as a pointer: the executable is made for 64-bit systems alone. */
const functions = {
  SQLAllocHandle: { args: ["i16", "u64", "ptr"], returns: "i16" },
  SQLFreeHandle: { args: ["i16", "u64"], returns: "i16" },
  SQLSetEnvAttr: { args: ["u64", "i32", "u64", "i32"], returns: "i16" },
  SQLSetConnectAttrW: { args: ["u64", "i32", "u64", "i32"], returns: "i16" },
  SQLDriverConnectW: {
    args: ["u64", "u64", "ptr", "i16", "u64", "i16", "u64", "u16"],
    returns: "i16",
  },
  SQLDisconnect: { args: ["u64"], returns: "i16" },
  SQLGetInfoW: { args: ["u64", "u16", "ptr", "i16", "ptr"], returns: "i16" },
  SQLSetStmtAttrW: { args: ["u64", "i32", "u64", "i32"], returns: "i16" },
  SQLBindParameter: {
    args: ["u64", "u16", "i16", "i16", "i16", "u64", "i16", "ptr", "i64", "ptr"],
    returns: "i16",
  },
  SQLExecDirectW: { args: ["u64", "ptr", "i32"], returns: "i16" },
  SQLNumResultCols: { args: ["u64", "ptr"], returns: "i16" },
  SQLFetch: { args: ["u64"], returns: "i16" },
  SQLGetData: { args: ["u64", "u16", "i16", "ptr", "i64", "ptr"], returns: "i16" },
  SQLGetDiagRecW: { args: ["i16", "u64", "i16", "ptr", "ptr", "ptr", "i16", "ptr"], returns: "i16" },
} as const;

export type DriverManager = ReturnType<typeof load>["symbols"];

/** Of `sqlext.h` and `sql.h`: what a function returns. */
export const returned = { success: 0, successWithInfo: 1, noData: 100 } as const;

/** Windows has it, and Debian's package is `libodbc2`. */
const libraries =
  process.platform === "win32" ? ["odbc32.dll"] : ["libodbc.so.2", "libodbc.so.1", "libodbc.so"];

/** @throws OdbcFault of step "library" where none of `names` can be loaded. */
export function openDriverManager(names: readonly string[] = libraries): DriverManager {
  let reason: unknown;
  for (const name of names) {
    try {
      return load(name).symbols;
    } catch (error) {
      reason ??= error;
    }
  }
  throw new OdbcFault({ step: "library", state: "", message: String(reason) });
}

function load(name: string) {
  return dlopen(name, functions);
}

/** Memory that stays where it is while C code knows its address: a small typed array of its own might be moved. */
export function allocate(bytes: number): Buffer<ArrayBuffer> {
  return Buffer.from(new ArrayBuffer(bytes));
}

/** As SQLWCHAR: UTF-16, little-endian on every system that we run on, with a terminator. */
export function toWide(text: string): Buffer<ArrayBuffer> {
  const wide = allocate((text.length + 1) * 2);
  wide.write(text, "utf16le");
  return wide;
}

/** The first `bytes` of a buffer as text. A character cut in two by its end is whole again once joined to the rest. */
export function fromWide(buffer: Buffer, bytes: number): string {
  return buffer.toString("utf16le", 0, bytes);
}
