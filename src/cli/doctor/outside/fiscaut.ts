/** Whether the Fiscaut API can be reached and takes the key. */
import type { Config } from "../../../config/settings/settings.ts";
import { askUp } from "../../ask-up.ts";
import { type Check, fail, pass, warn } from "../check.ts";

export const fiscautCheck: Check<Config> = {
  name: "fiscaut api",
  async look(config) {
    const report = await askUp(config);
    if (report.kind === "up") return pass(`${report.url} is up and takes the key, ${report.elapsedMs} ms`);
    const { words, hint } = report.fault;
    return report.kind === "down"
      ? fail(words, hint)
      : warn(`${words}: tasks that send to Fiscaut wait for a worker that has both`, hint);
  },
};
