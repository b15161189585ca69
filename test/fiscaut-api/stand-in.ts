/**
 * A stand-in for the Fiscaut API on 127.0.0.1: its answers, its upserts, a log of what came, and faults on demand.
 * Owns the server's side alone and imports nothing of src/, so a mistake there can't agree with itself here.
 */
import type { Fault } from "./fault.ts";
import { readFault } from "./fault.ts";
import type { Received } from "./received.ts";
import { RESOURCES, validate } from "./validate.ts";

export interface StandInOptions {
  port?: number;
  apiKey: string;
  /** CNPJs of the registered companies, bare. Any other company is answered 500, as the real server does. */
  companies: string[];
  /** The fault that the nth POST meets, counted from 1 over those that carry the right key. */
  faults?: (nth: number) => Fault | undefined;
  /** How long an answer takes. */
  latencyMs?: number;
}

export interface FiscautStandIn {
  /** Base URL, `http://127.0.0.1:PORT/api/v1`. */
  readonly url: string;
  /** What was upserted, by `fornecedores/CNPJ-OF-COMPANY/CNPJ-OF-SUPPLIER`. */
  readonly records: Map<string, Record<string, string>>;
  /** How many answers of each status; requests that were cut off count under `CUT_OFF`. */
  readonly answers: Map<number, number>;
  /** Every POST to a resource, in the order in which they were decided: what `records` holds is what these have left. */
  readonly received: Received[];
  /** When `GET /up` was asked. */
  readonly upAskedAt: number[];
  /** POSTs that changed or repeated a record that was there. */
  readonly repeated: number;
  /** How many connections have brought a request so far. */
  readonly connections: number;
  /** The most requests that were under way at once; one that is never answered stays so. */
  readonly mostAtOnce: number;
  /** May be changed: a company that is registered later. */
  readonly companies: Set<string>;
  /** While it is true the key is answered 401, as a wrong one is. */
  keyRevoked: boolean;
  /** While it is set every request meets it, `GET /up` too. */
  outage: Fault | undefined;
  /** Makes the next requests, of any kind, meet these faults, one each, before those of the plan. */
  failNext(...faults: Fault[]): void;
  /** Refuses connections and cuts those that there are, until `comeBack`, at the same address. */
  goDown(): Promise<void>;
  comeBack(): void;
  stop(): Promise<void>;
}

const BASE_PATH = "/api/v1";

export function startFiscautStandIn(options: StandInOptions): FiscautStandIn {
  return new StandIn(options);
}

class StandIn implements FiscautStandIn {
  readonly records = new Map<string, Record<string, string>>();
  readonly answers = new Map<number, number>();
  readonly received: Received[] = [];
  readonly upAskedAt: number[] = [];
  readonly companies: Set<string>;
  repeated = 0;
  mostAtOnce = 0;
  keyRevoked = false;
  outage: Fault | undefined;
  readonly #options: StandInOptions;
  readonly #queued: Fault[] = [];
  readonly #clientPorts = new Set<number>();
  #posts = 0;
  #underWay = 0;
  #server: Bun.Server<undefined>;
  readonly #port: number;

  constructor(options: StandInOptions) {
    this.#options = options;
    this.companies = new Set(options.companies);
    this.#server = this.#listen(options.port ?? 0);
    this.#port = this.#server.port ?? 0;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}${BASE_PATH}`;
  }

  get connections(): number {
    return this.#clientPorts.size;
  }

  failNext(...faults: Fault[]): void {
    this.#queued.push(...faults);
  }

  async goDown(): Promise<void> {
    await this.#server.stop(true);
  }

  comeBack(): void {
    this.#server = this.#listen(this.#port);
  }

  async stop(): Promise<void> {
    await this.#server.stop(true);
  }

  #listen(port: number): Bun.Server<undefined> {
    return Bun.serve({
      hostname: "127.0.0.1",
      port,
      idleTimeout: 0,
      fetch: async (request, server) => {
        this.#clientPorts.add(server.requestIP(request)?.port ?? 0);
        this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#underWay);
        const { latencyMs = 0 } = this.#options;
        if (latencyMs > 0) await Bun.sleep(latencyMs);
        const response = await this.#answer(request).finally(() => {
          this.#underWay -= 1;
        });
        this.answers.set(response.status, (this.answers.get(response.status) ?? 0) + 1);
        return response;
      },
    });
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const path = pathname.startsWith(`${BASE_PATH}/`) ? pathname.slice(BASE_PATH.length + 1) : "";
    const resource = RESOURCES.get(path);
    // Read at once: from here on nothing waits, so that the log's order is that of the upserts.
    const body: unknown = resource && (await request.json().catch(() => undefined));
    if (path === "up") this.upAskedAt.push(Date.now());
    if (resource === undefined || request.method !== "POST")
      return await this.#answerUp(request, { pathname, path });

    const content = (typeof body === "object" && body !== null ? body : {}) as Record<string, string>;
    const { cnpj_empresa: company = "", [resource.key]: key = "" } = content;
    const entry = { at: Date.now(), resource: resource.name, company, key, content };
    const received: Received = { ...entry, status: undefined, stored: false };
    this.received.push(received);
    const response = await this.#post(request, received, validate(resource, body));
    received.status = response.status;
    return response;
  }

  /** And whatever is no POST to a resource. */
  #answerUp(request: Request, { pathname, path }: { pathname: string; path: string }) {
    if (this.outage !== undefined) return readFault(this.outage);
    if (path !== "up" && !RESOURCES.has(path))
      return json(404, { message: `The route ${pathname} could not be found.` });
    if (path !== "up" || request.method !== "GET")
      return json(405, { message: `The ${request.method} method is not supported.` });
    if (!this.#isAuthenticated(request)) return json(401, { message: "Unauthenticated." });
    const fault = this.#queued.shift();
    return fault === undefined ? json(200, { status: true, message: "up" }) : readFault(fault);
  }

  #post(request: Request, received: Received, { record, errors }: ReturnType<typeof validate>) {
    if (this.outage !== undefined) return readFault(this.outage);
    if (!this.#isAuthenticated(request)) return json(401, { message: "Unauthenticated." });
    this.#posts += 1;
    const fault = this.#queued.shift() ?? this.#options.faults?.(this.#posts);
    if (fault !== undefined && fault !== "answer-lost") return readFault(fault);

    const [first, ...others] = Object.values(errors).flat();
    if (first !== undefined) {
      const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
      return json(422, { message: first + more, errors });
    }
    const { resource, company, key } = received;
    if (!this.companies.has(company)) return json(500, { message: "Server Error" });

    const id = `${resource}/${company}/${key}`;
    if (this.records.has(id)) this.repeated += 1;
    this.records.set(id, record);
    received.stored = true;
    return fault === undefined ? json(201, { status: true, message: "Saved." }) : readFault("reset");
  }

  #isAuthenticated(request: Request): boolean {
    const { apiKey } = this.#options;
    return !this.keyRevoked && request.headers.get("authorization") === `Bearer ${apiKey}`;
  }
}

function json(status: number, body: unknown): Response {
  return Response.json(body, { status });
}
