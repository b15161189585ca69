/**
 * The calls to the Fiscaut API: address, headers, time-out, bounded reading.
 * What an answer means is left to `answer.ts`; when to repeat a call, to the task's retry rule.
 */
import type { RecordKind } from "../task/sync/record.ts";
import { codeOf, messageOf } from "../task/thrown.ts";
import { type FiscautAnswer, readAnswer, type Silence, type Verdict } from "./answer.ts";
import { hideKey } from "./hide-key.ts";
import type { RecordContent } from "./record.ts";

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
  /** Without a slash at its end. */
  readonly baseUrl: string;
  /** Whether the API is up and takes the key. */
  up(signal: AbortSignal): Promise<FiscautAnswer>;
  /** Creates or updates the record; harmless to repeat. @param content the whole body, as `screenRecord` gives it. */
  send(kind: RecordKind, content: RecordContent, signal: AbortSignal): Promise<FiscautAnswer>;
}

const paths: Record<RecordKind, string> = {
  account: "/contabil/plano-de-contas",
  customer: "/contabil/clientes",
  supplier: "/contabil/fornecedores",
  accumulator: "/contabil/acumuladores",
};

const longestBodyBytes = 65_536;
const longestMessage = 1000;
const longestResponse = 2000;

/** @throws TypeError the base URL or the key cannot be used; its message holds neither key nor password. */
export function createFiscautClient(options: FiscautClientOptions): FiscautClient {
  const { timeoutMs = 30_000, fetch = globalThis.fetch } = options;
  const baseUrl = readBaseUrl(options.baseUrl);
  const apiKey = readApiKey(options.apiKey);

  const hide = hideKey(apiKey);

  async function call(
    request: { method: "GET" | "POST"; path: string; body?: RecordContent },
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
      const { text, isWhole } = await readBody(response);
      const wire = {
        status: response.status,
        headers: response.headers,
        body: isWhole ? text : undefined,
        call: `${request.method} ${url}`,
        company: request.body?.["cnpj_empresa"],
      };
      return forPerson(readAnswer(wire, Date.now()), text);
    } catch (error) {
      signal.throwIfAborted();
      const { silence, words } = timeout.signal.aborted
        ? { silence: "timed-out" as const, words: `no answer within ${timeoutMs / 1000} s` }
        : explainSilence(error);
      const message = `${new URL(baseUrl).host}: ${words}`;
      const verdict = {
        kind: "unavailable",
        status: undefined,
        doubtsApi: true,
        retryAfterMs: undefined,
        silence,
      } as const;
      return forPerson({ ...verdict, message }, undefined);
    } finally {
      clearTimeout(timer);
    }
  }

  /** A server or proxy may echo the request's headers; the key must not reach what is stored and shown that way. */
  function forPerson(verdict: Verdict, body: string | undefined): FiscautAnswer {
    const message = hide(verdict.message, longestMessage);
    const response = body === undefined ? undefined : hide(body, longestResponse);
    if (verdict.kind !== "rejected") return { ...verdict, message, response };
    const clean = (text: string) => hide(text, longestMessage);
    const fields = Object.entries(verdict.fields).map(([field, faults]) => [clean(field), faults.map(clean)]);
    return { ...verdict, message, response, fields: Object.fromEntries(fields) };
  }

  return {
    baseUrl,
    up: (signal) => call({ method: "GET", path: "/up" }, signal),
    send: (kind, content, signal) => call({ method: "POST", path: paths[kind], body: content }, signal),
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

/** No more of the body than any answer of the API has: what is longer is a proxy's page, not worth memory. */
async function readBody(response: Response): Promise<{ text: string; isWhole: boolean }> {
  if (response.body === null) return { text: "", isWhole: true };
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    if (bytes > longestBodyBytes) {
      text += decoder.decode(chunk.subarray(0, longestBodyBytes));
      return { text, isWhole: false }; // leaving the loop cancels the rest
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return { text: text + decoder.decode(), isWhole: true };
}

function explainSilence(error: unknown): { silence: Silence; words: string } {
  const code = codeOf(error) ?? "";
  if (code === "ECONNREFUSED") return { silence: "refused", words: "connection refused" };
  if (code === "ECONNRESET")
    return { silence: "cut-off", words: "connection closed before the answer was complete" };
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return { silence: "unknown-host", words: "host name not found" };
  const words = messageOf(error).replace(`${code}: `, "");
  // A certificate's fault has one of OpenSSL's many codes.
  if (/EPROTO|CERT|TLS|^UNABLE_TO/.test(code))
    return { silence: "no-tls", words: `no TLS connection: ${words}` };
  return { silence: "other", words };
}
