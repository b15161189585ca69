/** Whether the Fiscaut API can be reached and takes the key. */
import type { Config } from "../../../config/settings.ts";
import { createFiscautClient } from "../../../fiscaut/client.ts";
import { explainUp, isUp } from "../../../fiscaut/explain-up.ts";
import { type Check, fail, pass, warn } from "../check.ts";

export const fiscautCheck: Check<Config> = {
  name: "fiscaut api",
  async look({ fiscautApiUrl: baseUrl, fiscautApiKey: apiKey, fiscautTimeoutMs: timeoutMs }) {
    if (baseUrl === undefined || apiKey === undefined)
      return warn(
        `${baseUrl === undefined ? "FISCAUT_API_URL" : "FISCAUT_API_KEY"} is not set: tasks that send to Fiscaut wait for a worker that has both`,
        "set FISCAUT_API_URL and FISCAUT_API_KEY or FISCAUT_API_KEY_FILE",
      );
    const startedMs = performance.now();
    const client = createFiscautClient({ baseUrl, apiKey, timeoutMs });
    const answer = await client.up(new AbortController().signal);
    if (isUp(answer))
      return pass(`${baseUrl} is up and takes the key, ${Math.round(performance.now() - startedMs)} ms`);
    if (answer.kind === "slow-down") return warn(answer.message, "it asks for fewer calls; look again later");
    const { words, hint } = explainUp(answer, client.baseUrl);
    return fail(words, hint);
  },
};
