/**
 * What ODBC itself tells of a fault, as the reader's process sends it. What a person is told of it is left to
 * `explain-fault.ts`.
 */

/** The diagnostic record that names the fault: SQLSTATE and the driver's own words, which may hold secrets. */
export interface Diagnostic {
  step: "library" | "connect" | "query";
  /** Five characters; "" where no driver manager was there to give one. */
  state: string;
  message: string;
}

/** Thrown where ODBC is spoken; it never leaves the reader's process but as its diagnostic. */
export class OdbcFault extends Error {
  override readonly name = "OdbcFault";
  readonly diagnostic: Diagnostic;

  constructor(diagnostic: Diagnostic) {
    super(diagnostic.message);
    this.diagnostic = diagnostic;
  }
}
