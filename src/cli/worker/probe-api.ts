/**
 * Ends the hold of the Fiscaut queue when the API is back: one worker at a time asks it, rarer and rarer. Who holds the
 * queue, and why, is `handlers/fiscaut/api-gate.ts`'s affair.
 */
import type { Config } from "../../config/settings/settings.ts";
import { type Loop, startLoop } from "../../engine/loop.ts";
import type { FiscautClient } from "../../fiscaut/client.ts";
import { explainUp, isUp } from "../../fiscaut/explain-up.ts";
import type { Store } from "../../store/connection.ts";
import { claimProbe, putProbeOff, releaseQueue } from "../../store/queue-hold.ts";
import type { EmitEvent } from "../../task/events.ts";
import { fiscautQueue } from "../../task/sync/record.ts";

export interface ApiProbe {
  /** The queue has been held by this process. */
  wake(): void;
  /** The first round has ended: of a hold that was found, the API has been asked. */
  readonly asked: Promise<void>;
  stop(): Promise<void>;
}

/** Beside the call's time-out: what a probe's two statements may take before another worker asks. */
const spareMs = 5_000;

/** Asks at once when it starts, since a worker that starts may have another key or address. */
export function startApiProbe(
  store: Store,
  client: FiscautClient,
  { fiscautTimeoutMs, pollIntervalMs }: Pick<Config, "fiscautTimeoutMs" | "pollIntervalMs">,
  emit: EmitEvent,
): ApiProbe {
  const stopping = new AbortController();
  const { promise: asked, resolve: onAsked } = Promise.withResolvers<void>();
  let atOnce = true;

  async function probe(): Promise<number> {
    const claim = await claimProbe(store, fiscautQueue, { leaseMs: fiscautTimeoutMs + spareMs, atOnce });
    atOnce = false;
    if (!claim.claimed) return Math.min(pollIntervalMs, claim.nextInMs ?? Number.POSITIVE_INFINITY);
    const answer = await client.up(stopping.signal).catch((error: unknown) => {
      if (stopping.signal.aborted) return undefined;
      throw error;
    });
    if (answer === undefined) return Number.POSITIVE_INFINITY;
    if (isUp(answer)) await releaseQueue(store, fiscautQueue);
    else {
      const { words, hint } = explainUp(answer, client.baseUrl);
      await putProbeOff(store, fiscautQueue, { reason: `${words}; ${hint}`, probes: claim.probes });
    }
    return 0;
  }

  const loop: Loop = startLoop("Fiscaut API probe", () => probe().finally(onAsked), emit);
  return {
    wake: () => loop.wake(),
    asked,
    stop() {
      stopping.abort(new Error("the worker is stopping"));
      return loop.stop();
    },
  };
}
