/**
 * The one way of record tasks to the Fiscaut API. Where an answer says that the API itself is away, whatever was sent, it
 * holds the queue of these tasks and takes the attempt back. Asking when the API is back is not done here: a probe in
 * the composition root does, and ends the hold.
 */
import type { FiscautAnswer } from "../../fiscaut/answer.ts";
import type { FiscautClient } from "../../fiscaut/client.ts";
import { explainUp, isUp } from "../../fiscaut/explain-up.ts";
import { Snooze } from "../../task/outcome.ts";
import type { RecordSender } from "./sync-record.ts";

export interface ApiGateOptions {
  client: FiscautClient;
  /** The store's `holdQueue`, bound to the queue of record tasks. */
  hold: (hold: { reason: string; forMs: number | null }) => Promise<void>;
  /** For tests: the clock, ms, that never goes back. */
  now?: () => number;
}

/** Where a 429 does not say how long. */
const slowDownMs = 10_000;
/** The task is due again so soon, and its queue is held: what keeps it back is the hold. */
const snoozeMs = 1_000;
/** For so long a bad answer of `GET /up` is everybody's. */
const sharedMs = 1_000;

interface Check {
  startedAtMs: number;
  /** Infinity while it is under way. */
  endedAtMs: number;
  answer: Promise<FiscautAnswer>;
}

/**
 * Every answer that is the record's own is returned, be it good or bad. Where it is not, the queue is held before the
 * attempt snoozes, so that none of its tasks starts in between.
 */
export function createApiGate({ client, hold, now = () => performance.now() }: ApiGateOptions): RecordSender {
  let latest: Check | undefined;

  function startCheck(): Check {
    const check: Check = {
      startedAtMs: now(),
      endedAtMs: Number.POSITIVE_INFINITY,
      // Of no attempt alone, so no attempt's abort ends it; the client's time-out does.
      answer: client.up(new AbortController().signal).finally(() => {
        check.endedAtMs = now();
      }),
    };
    return check;
  }

  /**
   * `GET /up` as it was answered after `sinceMs` or, where it was bad, in the last second: an API that was in order before
   * the call went wrong says nothing about it.
   */
  async function askUp(sinceMs: number): Promise<FiscautAnswer> {
    for (;;) {
      if (latest === undefined || now() - latest.endedAtMs > sharedMs) latest = startCheck();
      const check = latest;
      const answer = await check.answer;
      if (!isUp(answer) || check.startedAtMs >= sinceMs) return answer;
      // Of all who have waited for the earlier one the first starts the next.
      if (latest === check) latest = startCheck();
    }
  }

  async function holdAndSnooze(reason: string, forMs: number | null): Promise<never> {
    // Where the database is away too, the next attempt tells it: this one is not to be spent for that.
    await hold({ reason, forMs }).catch(() => {});
    throw new Snooze(snoozeMs, reason);
  }

  return {
    async send(kind, content, signal) {
      const answer = await client.send(kind, content, signal);
      if (answer.kind === "slow-down") return await slowDown(answer);
      if (!answer.doubtsApi) return answer;
      const up = await untilAborted(askUp(now()), signal);
      if (isUp(up)) return answer;
      if (up.kind === "slow-down") return await slowDown(up);
      const { words, hint } = explainUp(up, client.baseUrl);
      return await holdAndSnooze(`${words}; ${hint}`, null);
    },
  };

  function slowDown({ retryAfterMs = slowDownMs }: Extract<FiscautAnswer, { kind: "slow-down" }>) {
    return holdAndSnooze("the Fiscaut API asks to slow down (429)", retryAfterMs);
  }
}

async function untilAborted<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort);
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
