/**
 * The calls to the Fiscaut API: address, headers, time-out, bounded reading.
 * What an answer means is left to `answer.ts`; when to repeat a call, to the task's retry rule.
 */
import { type FiscautAnswer, readAnswer } from "./answer.ts";
import type { SupplierRecord } from "./supplier.ts";

/** `timeoutMs` covers the whole call, the body included. `fetch` is for tests. */
export interface FiscautClientOptions {
  baseUrl: string;
  apiKey: string;
  timeoutMs?: number;
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

/**
 * Every answer and every lack of one is a value; the key is in none of them.
 * Only an abort of the caller's own `signal` is thrown, as its reason.
 */
export interface FiscautClient {
  /** Whether the API is up and takes the key. */
  up(signal: AbortSignal): Promise<FiscautAnswer>;
  /** Creates or updates the supplier of the company; harmless to repeat. */
  sendSupplier(record: SupplierRecord, signal: AbortSignal): Promise<FiscautAnswer>;
}

const LONGEST_BODY_BYTES = 65_536;
const LONGEST_MESSAGE = 1000;

/** @throws TypeError the base URL or the key cannot be used; its message holds neither key nor password. */
export function createFiscautClient(options: FiscautClientOptions): FiscautClient {
  const { timeoutMs = 30_000, fetch = globalThis.fetch } = options;
  const baseUrl = readBaseUrl(options.baseUrl);
  const apiKey = readApiKey(options.apiKey);

  async function call(
    request: { method: "GET" | "POST"; path: string; body?: SupplierRecord },
    signal: AbortSignal,
  ): Promise<FiscautAnswer> {
    signal.throwIfAborted();
    const url = baseUrl + request.path;
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), timeoutMs);
    try {
      const response = await fetch(url, {
        method: request.method,
        redirect: "manual",
        signal: AbortSignal.any([signal, timeout.signal]),
        headers: {
          Authorization: `Bearer ${apiKey}`,
          Accept: "application/json",
          ...(request.body === undefined ? {} : { "Content-Type": "application/json" }),
        },
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      });
      const wire = {
        status: response.status,
        headers: response.headers,
        body: await readBody(response),
        call: `${request.method} ${url}`,
        company: request.body?.cnpj_empresa,
      };
      return forPerson(readAnswer(wire, Date.now()), apiKey);
    } catch (error) {
      signal.throwIfAborted();
      const fault = timeout.signal.aborted ? `no answer within ${timeoutMs / 1000} s` : describeFault(error);
      const message = `${new URL(baseUrl).host}: ${fault}`;
      return forPerson({ kind: "unavailable", status: undefined, message, retryAfterMs: undefined }, apiKey);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    up: (signal) => call({ method: "GET", path: "/up" }, signal),
    sendSupplier: ({ cnpj_empresa, nome_fornecedor, cnpj_fornecedor, conta_contabil_fornecedor }, signal) =>
      // Field by field: a task's payload holds more than the API is to see.
      call(
        {
          method: "POST",
          path: "/contabil/fornecedores",
          body: { cnpj_empresa, nome_fornecedor, cnpj_fornecedor, conta_contabil_fornecedor },
        },
        signal,
      ),
  };
}

function readBaseUrl(text: string): string {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new TypeError("The Fiscaut API's base URL must start with https:// or http://");
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new TypeError("The Fiscaut API's base URL must hold no user, password, query or fragment");
  }
  return url.origin + url.pathname.replace(/\/+$/, "");
}

function readApiKey(text: string): string {
  // fetch would refuse other characters with an error of its own at every call.
  if (!/^[\x21-\x7e]+$/.test(text.trim())) {
    throw new TypeError("The Fiscaut API key is empty or holds blanks or characters that are not ASCII");
  }
  return text.trim();
}

/** The body as text, or undefined when it is longer than any answer of the API: a proxy's page, not worth memory. */
async function readBody(response: Response): Promise<string | undefined> {
  if (response.body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    if (bytes > LONGEST_BODY_BYTES) return undefined; // leaving the loop cancels the rest
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function describeFault(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ECONNREFUSED") return "connection refused";
  if (code === "ECONNRESET") return "connection closed before the answer was complete";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "host name not found";
  return error instanceof Error ? error.message : String(error);
}

/**
 * A server or proxy may echo the request's headers; the key must not reach a task's error that way.
 * Cut after that, not before: half a key is still a secret.
 */
function forPerson(answer: FiscautAnswer, apiKey: string): FiscautAnswer {
  const clean = (text: string) => text.replaceAll(apiKey, "[key]").slice(0, LONGEST_MESSAGE);
  const message = clean(answer.message);
  if (answer.kind !== "rejected") return { ...answer, message };
  const fields = Object.entries(answer.fields).map(([field, faults]) => [clean(field), faults.map(clean)]);
  return { ...answer, message, fields: Object.fromEntries(fields) };
}
