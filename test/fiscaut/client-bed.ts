/** A client before the stand-in for the API, both as new for each test. */
import { afterAll, beforeAll, beforeEach } from "bun:test";
import type { FiscautAnswer } from "../../src/fiscaut/answer.ts";
import { createFiscautClient, type FiscautClient } from "../../src/fiscaut/client.ts";
import type { Fault } from "../fiscaut-api/fault.ts";
import { type FiscautStandIn, startFiscautStandIn } from "../fiscaut-api/stand-in.ts";

export const apiKey = "12|a/very+secret=key";
export const company = "33000167000101";
export const record = {
  cnpj_empresa: company,
  nome_fornecedor: "NATURA COSMÉTICOS S/A",
  cnpj_fornecedor: "71673990000177",
  conta_contabil_fornecedor: "20008",
};
export const never = new AbortController().signal;

export function createClientBed() {
  let api: FiscautStandIn;
  let client: FiscautClient;

  beforeAll(() => {
    api = startFiscautStandIn({ apiKey, companies: [company] });
  });
  afterAll(() => api.stop());
  beforeEach(() => {
    api.records.clear();
    api.answers.clear();
    client = createFiscautClient({ baseUrl: api.url, apiKey });
  });

  return {
    get api() {
      return api;
    },
    get client() {
      return client;
    },
    /** What a record comes to whose call meets `fault`. */
    sendMeeting(fault: Fault, timeoutMs = 30_000): Promise<FiscautAnswer> {
      api.failNext(fault);
      return createFiscautClient({ baseUrl: api.url, apiKey, timeoutMs }).send("supplier", record, never);
    },
  };
}
