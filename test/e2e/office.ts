/**
 * An accounting office whose records change: its source as CSV files, each record's name ending in its content's version,
 * and what the API must have of it in the end. Rows that can't be sent stand among them.
 */
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkDocument } from "../../src/fiscaut/cnpj.ts";

export const companies = [
  { code: 1, document: "33000167000101" },
  { code: 2, document: "47960950000121" },
] as const;

/** How many of each kind a company has. */
const counts = { account: 20, customer: 50, supplier: 100, accumulator: 10 };
type Kind = keyof typeof counts;

const resources = {
  account: { name: "plano-de-contas", title: "nome" },
  customer: { name: "clientes", title: "nome_cliente" },
  supplier: { name: "fornecedores", title: "nome_fornecedor" },
  accumulator: { name: "acumuladores", title: "nome_acu" },
} satisfies Record<Kind, { name: string; title: string }>;

interface OfficeRecord {
  kind: Kind;
  company: (typeof companies)[number];
  n: number;
  version: number;
}

/** Rows that are never sent, by code, with words that must tell why. */
export const badRows = [
  { code: "BAD1", document: "33000167000102", name: "DIGITS", account: "", words: "where 01 are right" },
  { code: "BAD2", document: "", name: "NO DOCUMENT", account: "", words: "has no CNPJ or CPF" },
  { code: "BAD3", document: "3300016700010", name: "SHORT", account: "", words: "has 13 characters" },
  { code: "BAD4", document: "33000167000101", name: "ACCOUNT", account: "2.1", words: "2.1 is not a number" },
];

export class Office {
  readonly folder = mkdtempSync(join(tmpdir(), "fiscaut-tasks-office-"));
  readonly #records: OfficeRecord[];

  constructor() {
    this.#records = companies.flatMap((company) =>
      (Object.keys(counts) as Kind[]).flatMap((kind) =>
        Array.from({ length: counts[kind] }, (_, n) => ({ kind, company, n, version: 1 })),
      ),
    );
    this.save();
  }

  get size(): number {
    return this.#records.length;
  }

  /** Changes `count` records; saved by `save`. */
  change(count: number, random: () => number): void {
    for (let changed = 0; changed < count; changed++) {
      const record = this.#records[Math.floor(random() * this.#records.length)];
      if (record !== undefined) record.version += 1;
    }
  }

  /** Writes the files, each whole or not at all. */
  save(): void {
    const of = (kind: Kind) => this.#records.filter((record) => record.kind === kind);
    const bad = companies.flatMap(({ code: company }) =>
      badRows.map(({ code, document, name, account }) => `${company},${code},${document},${name},${account}`),
    );
    const party = (record: OfficeRecord) =>
      `${record.company.code},${codeOf(record)},${documentOf(record)},${nameOf(record)},`;
    this.#write("geempre", "codi_emp,cgce_emp,razao_emp", [
      ...companies.map(({ code, document }) => `${code},${document},COMPANY ${code}`),
    ]);
    this.#write("ctcontas", "codi_emp,codi_cta,clas_cta,nome_cta,tipo_cta", [
      ...of("account").map(
        (record) => `${record.company.code},${codeOf(record)},1.${record.n},${nameOf(record)},A`,
      ),
    ]);
    this.#write("efclientes", "codi_emp,codi_cli,cgce_cli,nome_cli,codi_cta", of("customer").map(party));
    this.#write("effornece", "codi_emp,codi_for,cgce_for,nome_for,codi_cta", [
      ...of("supplier").map(party),
      ...bad,
    ]);
    this.#write("efacumuladores", "codi_emp,codi_acu,nome_acu,descricao_acu", [
      ...of("accumulator").map((record) => `${record.company.code},${codeOf(record)},${nameOf(record)},`),
    ]);
  }

  /** What the API must hold, by its own keys: each record's newest name. */
  expected(): Map<string, string> {
    return new Map(
      this.#records.map((record) => {
        const { kind, company } = record;
        const key = kind === "customer" || kind === "supplier" ? documentOf(record) : codeOf(record);
        return [`${resources[kind].name}/${company.document}/${key}`, nameOf(record)];
      }),
    );
  }

  leave(): void {
    rmSync(this.folder, { recursive: true });
  }

  #write(table: string, header: string, rows: string[]): void {
    mkdirSync(this.folder, { recursive: true });
    const path = join(this.folder, `${table}.csv`);
    writeFileSync(`${path}.new`, `${[header, ...rows].join("\n")}\n`);
    renameSync(`${path}.new`, path);
  }
}

/** The name in a body that the API was sent. */
export const nameIn = (content: Record<string, string>): string =>
  Object.values(resources)
    .map(({ title }) => content[title])
    .find((name) => name !== undefined) ?? "";

/** Of a body that the API was sent. */
export const versionOf = (content: Record<string, string>): number =>
  Number(/ v(\d+)$/.exec(nameIn(content))?.[1]);

const codeOf = ({ n }: OfficeRecord) => String(1000 + n);
const nameOf = ({ kind, n, version }: OfficeRecord) => `${kind.toUpperCase()} ${n} v${version}`;

/** One of its own for each party of a company. */
function documentOf({ kind, n }: OfficeRecord): string {
  const base = String(100_000_000_000 + (kind === "customer" ? 1_000_000 : 0) + n * 10_000 + 1);
  for (let digits = 0; digits < 100; digits++) {
    const document = base + String(digits).padStart(2, "0");
    if (checkDocument(document).valid) return document;
  }
  throw new Error(`no check digits fit ${base}`);
}
