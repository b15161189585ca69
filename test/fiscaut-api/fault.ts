/**
 * The faults that the stand-in can answer with, those of the server and those of the proxy in front of it.
 * When a fault happens is left to the stand-in's options.
 */

/** Stands for a connection that is closed before any answer; never on the wire. */
export const CUT_OFF = 599;

const FAULTS = {
  "429-seconds": () => refuse(429, { "Retry-After": "1" }),
  "429-date": () => refuse(429, { "Retry-After": new Date(Date.now() + 2000).toUTCString() }),
  "429-bare": () => refuse(429, {}),
  "408": () => refuse(408, {}),
  "500": () => Response.json({ message: "Server Error" }, { status: 500 }),
  "502-html": () => html(502, "Bad Gateway"),
  "503": () => refuse(503, { "Retry-After": "60" }),
  "504-html": () => html(504, "Gateway Time-out"),
  "403-html": () => html(403, "Forbidden"),
  "200-html": () => html(200, "Sign in"),
  "200-empty": () => new Response(null, { status: 200 }),
  "status-false": () => Response.json({ status: false, message: "The company is locked." }),
  "truncated-json": () =>
    new Response('{"status": true, "mess', { headers: { "Content-Type": "application/json" } }),
  "huge-body": () => new Response(`{"status": true, "message": "${"x".repeat(1_000_000)}"}`),
  redirect: () =>
    new Response(null, { status: 302, headers: { Location: "https://elsewhere.invalid/login" } }),
  reset: () => cutOff(),
  /** The record is stored, then the connection is cut: the caller can't know. Handled by the stand-in. */
  "answer-lost": () => cutOff(),
  /** Never answers at all. */
  "no-answer": () => new Promise<Response>(() => {}),
  /** Answers with headers and the start of a body that never ends. */
  "slow-body": () =>
    new Response(new ReadableStream({ start: (body) => body.enqueue(Buffer.from('{"status"')) })),
} satisfies Record<string, () => Response | Promise<Response>>;

export type Fault = keyof typeof FAULTS;

export function readFault(fault: Fault): Response | Promise<Response> {
  return FAULTS[fault]();
}

function refuse(status: number, headers: Record<string, string>): Response {
  return Response.json({ message: "Try again later." }, { status, headers });
}

function html(status: number, title: string): Response {
  return new Response(`<html><title>${title}</title></html>`, {
    status,
    headers: { "Content-Type": "text/html" },
  });
}

/** A body that fails before its first byte makes Bun close the connection with no answer sent. */
function cutOff(): Response {
  return new Response(new ReadableStream({ start: (body) => body.error() }), {
    status: CUT_OFF,
  });
}
