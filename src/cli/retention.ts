/** The settings that say how long finished tasks are kept, as the store takes them. */
import type { Config } from "../config/settings/settings.ts";
import type { Retention } from "../task/retention.ts";

export const retentionKeys = ["retention-succeeded", "retention-failed", "retention-cancelled"] as const;

export const retentionOf = (config: Config): Retention => ({
  succeeded: config.retentionSucceededMs,
  failed: config.retentionFailedMs,
  cancelled: config.retentionCancelledMs,
});
