/**
 * What the sync's tests share: a database, a source whose tables are the test's, workers that send to what the test
 * answers, and short words for what has become of a record.
 */
import { afterAll, afterEach, beforeAll } from "bun:test";
import { bindSyncStore } from "../../../src/cli/sync-store.ts";
import { createLocalRunner } from "../../../src/engine/handlers/runner.ts";
import type { FiscautAnswer } from "../../../src/fiscaut/answer.ts";
import { checkDocument } from "../../../src/fiscaut/cnpj.ts";
import { builtInHandlers } from "../../../src/handlers/built-in.ts";
import { type CompanyOutcome, syncCompanies } from "../../../src/handlers/fiscaut/sync-companies.ts";
import { HandlerRegistry } from "../../../src/handlers/handler.ts";
import type { Source, SourceReader } from "../../../src/sources/source.ts";
import { enableCompanies } from "../../../src/store/sync/companies.ts";
import { effectiveStatus } from "../../../src/store/sync/effective-status.ts";
import type { RecordKind, RecordStatus } from "../../../src/task/sync/record.ts";
import { startWorker } from "../../engine/start-worker.ts";
import { keepForever } from "../../keep-forever.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";
import { until } from "../../until.ts";

type Row = Record<string, string | undefined> & { code: string };
type Tables = Partial<Record<RecordKind, Row[]>>;

export interface Sending {
  kind: RecordKind;
  content: Record<string, string>;
}

type Answering = (sending: Sending) => FiscautAnswer | Promise<FiscautAnswer>;

interface SyncOptions {
  companies?: number | "all-enabled";
  kinds?: RecordKind[];
  force?: boolean;
  sendInvalid?: boolean;
  /** Called before a row is read. */
  beforeRow?: (row: Row) => Promise<void>;
}

const answers = {
  accepted: { kind: "accepted", status: 201, message: "Saved.", doubtsApi: false, response: "{}" },
  rejected: {
    kind: "rejected",
    status: 422,
    message: "422 no",
    doubtsApi: false,
    response: "{}",
    fields: {},
  },
  unavailable: {
    kind: "unavailable",
    status: 503,
    message: "503 later",
    doubtsApi: true,
    response: "",
    retryAfterMs: undefined,
  },
} as const satisfies Record<string, FiscautAnswer>;

export const answer = (kind: keyof typeof answers): FiscautAnswer => answers[kind];

/** A valid CNPJ; each `n` has its own. */
export function cnpj(n: number): string {
  const base = String(100_000_000_000 + n);
  for (let digits = 0; digits < 100; digits++) {
    const bare = base + String(digits).padStart(2, "0");
    if (checkDocument(bare).valid) return bare;
  }
  throw new Error("no check digits are right");
}

export const supplier = (n: number, name = `SUPPLIER ${n}`): Row => ({
  code: String(n).padStart(5, "0"),
  document: cnpj(n),
  name,
  account: undefined,
});
export const customer = supplier;
export const account = (n: number, name = `ACCOUNT ${n}`): Row => ({
  code: String(n),
  classification: `1.${n}`,
  name,
  type: "A",
});

/** Call it once in a file, outside of its tests. */
export function createSyncBed() {
  let database: TestDatabase;
  let sendings: Sending[] = [];
  let answering: Answering = () => answers.accepted;
  const companies = new Map<number, Tables>();

  beforeAll(async () => {
    database = await createDatabase();
  });
  afterEach(async () => {
    const tables = ["task", "task_history", "batch", "company", "sync_record", "sync_reading", "worker"];
    await database.store.sql.unsafe(`truncate ${tables.map((name) => `fiscaut_tasks.${name}`).join(", ")}`);
    companies.clear();
    sendings = [];
    answering = () => answers.accepted;
  });
  afterAll(() => database.drop());

  function source({ beforeRow }: SyncOptions): Source {
    const reader = {
      async *companies() {},
      async company(code: number) {
        return companies.has(code)
          ? { code, document: cnpj(900 + code), name: `COMPANY ${code}` }
          : undefined;
      },
      async *records(kind: RecordKind, code: number) {
        // As it was when it was asked for.
        for (const row of [...(companies.get(code)?.[kind] ?? [])]) {
          await beforeRow?.(row);
          yield row;
        }
      },
      async [Symbol.asyncDispose]() {},
    };
    return { address: "test", open: async () => reader as unknown as SourceReader };
  }

  return {
    get store() {
      return database.store;
    },
    /** What was sent, in the order in which it was. */
    get sendings() {
      return sendings;
    },
    names: () =>
      sendings
        .splice(0)
        .map(({ content }) => content["nome_fornecedor"] ?? content["nome"] ?? content["nome_cliente"] ?? ""),
    answer(how: Answering | keyof typeof answers) {
      answering = typeof how === "string" ? () => answers[how] : how;
    },
    /** Sets the source's tables of a company, and enables it. */
    async table(code: number, tables: Tables) {
      companies.set(code, tables);
      await enableCompanies(database.store, [{ code }]);
    },
    /** @returns what came of each company, the first one's first. */
    async sync(options: SyncOptions = {}) {
      const outcomes: CompanyOutcome[] = [];
      const { companies = 1, kinds = ["supplier"], force = false, sendInvalid = false } = options;
      const request = {
        source: source(options),
        companies,
        kinds,
        force,
        sendInvalid,
        priority: 0,
        enqueuedBy: null,
      };
      const watch = {
        onProgress: () => {},
        onCompany: (outcome: CompanyOutcome) => void outcomes.push(outcome),
      };
      await syncCompanies(bindSyncStore(database.store), request, watch);
      return outcomes;
    },
    /** As `sync`, of one company and kind: what was counted. */
    async syncOne(options: SyncOptions = {}) {
      const [outcome] = await this.sync(options);
      if (outcome === undefined) throw new Error("no company was synced");
      if ("fault" in outcome) throw outcome.fault;
      return {
        batch: outcome.batch,
        overtaken: outcome.overtaken,
        ...outcome.kinds[options.kinds?.[0] ?? "supplier"],
      };
    },
    /** A worker with the built-in handlers. */
    async start(concurrency = 4) {
      const sender = {
        async send(kind: RecordKind, content: Record<string, string>) {
          const sending = { kind, content };
          sendings.push(sending);
          return await answering(sending);
        },
      };
      const handlers = builtInHandlers({
        sender,
        source: undefined,
        odbcReader: { words: [], environment: {} },
        store: bindSyncStore(database.store),
      });
      const { store } = database;
      const runner = createLocalRunner(new HandlerRegistry(handlers), { store, retention: keepForever });
      return await startWorker(database, {}, { runner, concurrency, pollIntervalMs: 100 });
    },
    /** Has a worker run what is due until `end` holds, by default until no task is live. */
    async work(concurrency?: number, end = async () => (await this.liveTasks()) === 0) {
      const { worker } = await this.start(concurrency);
      await until(end);
      await worker.stop("the test has seen enough", 5_000);
    },
    async liveTasks() {
      const [row] = await database.store.sql<
        { count: number }[]
      >`select count(*) as count from fiscaut_tasks.task`;
      return row?.count ?? 0;
    },
    async record(code: string, kind: RecordKind = "supplier") {
      const { sql } = database.store;
      const [row] = await sql<
        {
          status: RecordStatus;
          message: string | null;
          missing: boolean;
          taskId: number;
          httpStatus: number | null;
        }[]
      >`
        select ${effectiveStatus(sql, "r")} as status, message, missing_since is not null as missing,
          task_id as "taskId", http_status as "httpStatus"
        from fiscaut_tasks.sync_record r where company = 1 and kind = ${kind} and code = ${code}`;
      if (row === undefined) throw new Error(`there is no ${kind} ${code}`);
      return row;
    },
  };
}
