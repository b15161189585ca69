/** Whether the configured Fiscaut API is up, asked and told alike by `fiscaut check` and `doctor`. */
import type { Config } from "../config/settings/settings.ts";
import { createFiscautClient } from "../fiscaut/client.ts";
import { explainUp, isUp, type UpFault } from "../fiscaut/explain-up.ts";

type Address = Pick<Config, "fiscautApiUrl" | "fiscautApiKey" | "fiscautTimeoutMs">;

/** `unset`: nothing was asked, for want of an address or a key. */
export type UpReport =
  | { kind: "up"; url: string; elapsedMs: number }
  | { kind: "down"; url: string; elapsedMs: number; fault: UpFault }
  | { kind: "unset"; url: string | null; elapsedMs: null; fault: UpFault };

/** Never rejects: whatever is wrong is in the report. */
export async function askUp({
  fiscautApiUrl: baseUrl,
  fiscautApiKey: apiKey,
  fiscautTimeoutMs: timeoutMs,
}: Address): Promise<UpReport> {
  if (baseUrl === undefined || apiKey === undefined) {
    const unset = [
      baseUrl === undefined ? "FISCAUT_API_URL" : [],
      apiKey === undefined ? "FISCAUT_API_KEY" : [],
    ].flat();
    const words = `${unset.join(" and ")} ${unset.length > 1 ? "are" : "is"} not set`;
    const hint = "set both in the environment or the configuration file; config show tells which one is read";
    return { kind: "unset", url: baseUrl ?? null, elapsedMs: null, fault: { words, hint } };
  }
  const client = createFiscautClient({ baseUrl, apiKey, timeoutMs });
  const startedAtMs = performance.now();
  const answer = await client.up(new AbortController().signal);
  const asked = { url: client.baseUrl, elapsedMs: Math.round(performance.now() - startedAtMs) };
  return isUp(answer)
    ? { kind: "up", ...asked }
    : { kind: "down", ...asked, fault: explainUp(answer, client.baseUrl) };
}
