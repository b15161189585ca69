/**
 * A row of the accounting database as the record that Fiscaut takes, or the reason why it is not sent.
 * Pure; reading rows is left to `sources/`, sending records to `client.ts`, what a document is worth to `cnpj.ts`.
 */
import type { RecordKind } from "../task/sync/record.ts";
import type { PartyRow, RowOf } from "../task/sync/row.ts";
import { checkDocument, normaliseDocument } from "./cnpj.ts";

/** The body of the kind's POST, its fields in a fixed order. */
export type RecordContent = Record<string, string>;

/** Why a row is not sent; counted under this name. */
export type SkipReason =
  | "no_code"
  | "no_document"
  | "no_classification"
  | "no_name"
  | "bad_document"
  | "bad_account"
  | "bad_type";

/**
 * `name` is "" where the row has none. `identity` is what the API's upsert knows the record by, within its company and
 * kind. `words` tell a person which record it is and what to correct in the accounting database.
 */
export type ScreenedRecord = { code: string; name: string } & (
  | { kind: "send"; content: RecordContent; identity: string }
  | { kind: "skip"; reason: SkipReason; words: string }
);

export interface ScreenOptions {
  /** Lets a CNPJ or CPF through whose only fault is its check digits, or that is one digit repeated. */
  sendInvalid?: boolean;
}

/**
 * Decides whether a row is sent. The company's CNPJ must have been checked by the caller: were it bad, every row of
 * the company would be, and that is one fault to tell, not thousands.
 */
export function screenRecord<Kind extends RecordKind>(
  kind: Kind,
  company: { document: string },
  row: RowOf<Kind>,
  options: ScreenOptions = {},
): ScreenedRecord {
  const rules: KindRules<Kind> = kindRules[kind];
  const { code } = row;
  const name = rules.nameOf(row);
  const fault = lacks("no_code", code, "code") ?? rules.findFault(row, options);
  if (fault !== undefined) {
    const known = [...new Set([code, name || rules.identityOf(row)])].filter((text) => text !== "").join(" ");
    const words = `${kind} ${known || "without code or name"}: ${fault.words}`;
    return { kind: "skip", code, name, reason: fault.reason, words };
  }
  const content = { cnpj_empresa: normaliseDocument(company.document), ...rules.fieldsOf(row) };
  return { kind: "send", code, name, content, identity: rules.identityOf(row) };
}

interface Fault {
  reason: SkipReason;
  words: string;
}

interface KindRules<Kind extends RecordKind> {
  nameOf(row: RowOf<Kind>): string;
  /** As `ScreenedRecord` has it; of a row at fault too. */
  identityOf(row: RowOf<Kind>): string;
  /** The code is there. */
  findFault(row: RowOf<Kind>, options: ScreenOptions): Fault | undefined;
  /** Of a row without fault. */
  fieldsOf(row: RowOf<Kind>): RecordContent;
}

const partyRules = {
  nameOf: ({ name }: PartyRow) => name,
  identityOf: ({ document }: PartyRow) => normaliseDocument(document),
  findFault: ({ document, name, account }: PartyRow, options: ScreenOptions) =>
    lacks("no_document", normaliseDocument(document), "CNPJ or CPF") ??
    lacks("no_name", name, "name") ??
    findBadDocument(normaliseDocument(document), options) ??
    (account === undefined ? undefined : findBadAccount(account, `account ${account}`)),
};

const kindRules: { [Kind in RecordKind]: KindRules<Kind> } = {
  account: {
    nameOf: ({ name }) => name,
    identityOf: ({ code }) => code,
    findFault: ({ code, classification, name, type }) =>
      lacks("no_classification", classification, "classification") ??
      lacks("no_name", name, "name") ??
      findBadAccount(code, "its code") ??
      findBadType(type),
    fieldsOf: ({ code, classification, name, type }) => ({
      codigo: code,
      classificacao: classification,
      nome: name,
      tipo: type.toUpperCase(),
    }),
  },
  customer: {
    ...partyRules,
    fieldsOf: ({ document, name, account }) => ({
      nome_cliente: name,
      cnpj_cliente: normaliseDocument(document),
      ...(account === undefined ? {} : { conta_contabil_cliente: account }),
    }),
  },
  supplier: {
    ...partyRules,
    fieldsOf: ({ document, name, account }) => ({
      nome_fornecedor: name,
      cnpj_fornecedor: normaliseDocument(document),
      ...(account === undefined ? {} : { conta_contabil_fornecedor: account }),
    }),
  },
  accumulator: {
    nameOf: ({ name, description }) => name || description,
    identityOf: ({ code }) => code,
    findFault: ({ name, description }) => lacks("no_name", name || description, "name"),
    fieldsOf: ({ code, name, description }) => ({ codi_acu: code, nome_acu: name || description }),
  },
};

function lacks(reason: SkipReason, value: string, what: string): Fault | undefined {
  return value === "" ? { reason, words: `has no ${what}` } : undefined;
}

function findBadDocument(bare: string, { sendInvalid = false }: ScreenOptions): Fault | undefined {
  const check = checkDocument(bare);
  if (check.valid || (sendInvalid && check.isWellFormed)) return undefined;
  const label = check.kind?.toUpperCase() ?? "CNPJ or CPF";
  return { reason: "bad_document", words: `${label} ${bare} ${check.fault}` };
}

/** The server reads accounts as integers: "2.1.01" would become account 2 without a word. */
function findBadAccount(code: string, what: string): Fault | undefined {
  return /^[0-9]+$/.test(code) ? undefined : { reason: "bad_account", words: `${what} is not a number` };
}

function findBadType(type: string): Fault | undefined {
  if (/^[AS]$/i.test(type)) return undefined;
  const found = type === "" ? "has no type" : `type ${type}`;
  return { reason: "bad_type", words: `${found}, where A (analytic) or S (synthetic) is right` };
}
