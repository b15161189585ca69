/**
 * What an answer to `GET /up` says about the API as a whole, in the operator's words. Pure. What an answer to a record
 * means is `answer.ts`'s.
 */
import type { FiscautAnswer, Silence } from "./answer.ts";

/** `words` say what is wrong, `hint` what to do about it; neither ends with a full stop. */
export interface UpFault {
  words: string;
  hint: string;
}

/** The API is there and takes the key. */
export const isUp = (answer: FiscautAnswer): boolean => answer.kind === "accepted";

const usualPath = "/api/v1";

/** @param baseUrl the client's. */
export function explainUp(answer: FiscautAnswer, baseUrl: string): UpFault {
  const { message, response = "" } = answer;
  if (answer.status === undefined)
    return { words: `the Fiscaut API does not answer (${message})`, hint: hints[answer.silence] };
  const { status } = answer;
  if (answer.kind === "slow-down")
    return { words: `the Fiscaut API asks for fewer calls (${message})`, hint: "look again later" };
  const url = `${baseUrl}/up`;
  if (status === 401)
    return {
      words: "the Fiscaut API refuses the key (401)",
      hint: "correct FISCAUT_API_KEY and start the worker again",
    };
  if (status === 404 || status === 405)
    return { words: `there is no Fiscaut API at ${baseUrl} (${status})`, hint: suggestUrl(baseUrl) };
  if (status >= 300 && status < 400)
    return {
      // `answer.ts` says whereto.
      words: `${url} ${/redirects to \S+(?=\.)/.exec(message)?.[0] ?? "redirects"} (${status})`,
      hint: "set FISCAUT_API_URL to the API's own address",
    };
  if (/^\s*</.test(response))
    return {
      words: `${url} is answered with a web page (${status}), not by the Fiscaut API`,
      hint:
        status >= 500
          ? "the server behind its proxy may be down; if that stays so, check FISCAUT_API_URL"
          : suggestUrl(baseUrl),
    };
  return {
    words: `the Fiscaut API is out of order (${message})`,
    hint: "ask whoever runs it, if that stays so",
  };
}

const hints: Record<Silence, string> = {
  "timed-out": "the server is busy, or a firewall lets nothing through; FISCAUT_TIMEOUT is how long to wait",
  refused: "check host and port in FISCAUT_API_URL, and whether the server runs",
  "cut-off": "check whether FISCAUT_API_URL has to start with https://, and whether a proxy is in between",
  "unknown-host": "check the host name in FISCAUT_API_URL, and this machine's DNS",
  "no-tls":
    "check https and the port in FISCAUT_API_URL, and this machine's clock; NODE_EXTRA_CA_CERTS names a file with further authorities to trust",
  other: "check FISCAUT_API_URL and this machine's network",
};

function suggestUrl(baseUrl: string): string {
  const usual = new URL(baseUrl).origin + usualPath;
  return usual === baseUrl
    ? "check the host in FISCAUT_API_URL"
    : `check the path in FISCAUT_API_URL, such as ${usual}`;
}
