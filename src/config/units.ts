/** The units of settings. Durations are read in `task/`, which has them in its own texts too. */
export { formatDuration, parseDurationMs, readDuration } from "../task/time/duration.ts";
