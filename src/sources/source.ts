/**
 * Where accounting records come from, whatever holds them. What the codes and documents are worth is left to
 * `fiscaut/`; how one place is read, to the file of its kind.
 */

/** A company of the accounting office; `document` as it stands in the source, blanks around it removed. */
export interface Company {
  code: number;
  document: string;
  name: string;
}

/**
 * A supplier as the source has it: every value without the blanks around it, "" where there is none.
 * `code` is text: it may hold letters and leading zeros. `account` is undefined where the source has none.
 */
export interface SupplierRow {
  code: string;
  document: string;
  name: string;
  account: string | undefined;
}

/**
 * Read-only, and read anew at every call.
 * Both throw OperatorError, naming file and line, for a source that can't be read whole and without guessing.
 */
export interface Source {
  /** The text that `parseSource` takes for it again, in any folder: `csv:/absolute/path`. */
  readonly address: string;
  /** Undefined when the source has no such company. */
  company(code: number): Promise<Company | undefined>;
  /**
   * The company's suppliers, in the source's order and in bounded memory. A fault may come after rows have been
   * given: enqueue them in one transaction, or let the fault stop the whole.
   */
  suppliers(companyCode: number): AsyncIterable<SupplierRow>;
}
