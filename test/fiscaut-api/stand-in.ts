/**
 * A stand-in for the Fiscaut API on 127.0.0.1: its answers, its upserts, and faults on demand, in a fixed order.
 * Owns the server's side alone and imports nothing of src/, so a mistake there can't agree with itself here.
 */

import type { Fault } from "./fault.ts";
import { readFault } from "./fault.ts";
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
  url: string;
  /** What was upserted, by `fornecedores/CNPJ-OF-COMPANY/CNPJ-OF-SUPPLIER`. */
  records: Map<string, Record<string, string>>;
  /** How many answers of each status; requests that were cut off count under `CUT_OFF`. */
  answers: Map<number, number>;
  /** When each POST of the right key arrived, ms since 1970. */
  postedAt: number[];
  /** POSTs that changed or repeated a record that was there. */
  repeated: number;
  /** Makes the next requests, of any kind, meet these faults, one each, before those of the plan. */
  failNext(...faults: Fault[]): void;
  stop(): Promise<void>;
}

const BASE_PATH = "/api/v1";

export function startFiscautStandIn(options: StandInOptions): FiscautStandIn {
  const { apiKey, companies, latencyMs = 0 } = options;
  const queued: Fault[] = [];
  let posts = 0;

  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: options.port ?? 0,
    idleTimeout: 0,
    async fetch(request) {
      if (latencyMs > 0) await Bun.sleep(latencyMs);
      const response = await answer(request);
      standIn.answers.set(response.status, (standIn.answers.get(response.status) ?? 0) + 1);
      return response;
    },
  });

  async function answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const path = pathname.startsWith(`${BASE_PATH}/`) ? pathname.slice(BASE_PATH.length + 1) : undefined;
    const resource = path === undefined ? undefined : RESOURCES.get(path);
    const method = path === "up" ? "GET" : resource === undefined ? undefined : "POST";
    if (method === undefined) return json(404, { message: `The route ${pathname} could not be found.` });
    if (request.method !== method)
      return json(405, { message: `The ${request.method} method is not supported.` });
    if (request.headers.get("authorization") !== `Bearer ${apiKey}`) {
      return json(401, { message: "Unauthenticated." });
    }

    if (method === "POST") standIn.postedAt.push(Date.now());
    const fault = queued.shift() ?? (method === "POST" ? options.faults?.(++posts) : undefined);
    if (fault !== undefined && fault !== "answer-lost") return readFault(fault);
    if (resource === undefined) return json(200, { status: true, message: "up" });

    const { record, errors } = validate(resource, await request.json().catch(() => undefined));
    const [first, ...others] = Object.values(errors).flat();
    if (first !== undefined) {
      const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
      return json(422, { message: first + more, errors });
    }
    const { cnpj_empresa: company = "" } = record;
    if (!companies.includes(company)) return json(500, { message: "Server Error" });

    const key = `${resource.name}/${company}/${record[resource.key]}`;
    if (standIn.records.has(key)) standIn.repeated += 1;
    standIn.records.set(key, record);
    return fault === undefined ? json(201, { status: true, message: "Saved." }) : readFault("reset");
  }

  const standIn: FiscautStandIn = {
    url: `http://127.0.0.1:${server.port}${BASE_PATH}`,
    records: new Map(),
    answers: new Map(),
    postedAt: [],
    repeated: 0,
    failNext: (...faults) => void queued.push(...faults),
    stop: () => server.stop(true),
  };
  return standIn;
}

function json(status: number, body: unknown): Response {
  return Response.json(body, { status });
}
