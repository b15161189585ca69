/** Whether this machine's clock is the database's. That one decides what is due; ours stamps log lines and --run-at. */
import { pass, warn } from "../check.ts";
import { databaseCheck } from "./opened.ts";

/** Less than that nobody notices. */
const borderMs = 2_000;

export const clockCheck = databaseCheck("clock", ({ server: { clockAheadMs, roundTripMs } }) => {
  const apartMs = Math.abs(clockAheadMs);
  // What the way there and back leaves open is no difference.
  if (apartMs - roundTripMs / 2 <= borderMs)
    return pass(`this machine's and the database's are ${(apartMs / 1000).toFixed(1)} s apart`);
  return warn(
    `this machine's is ${(apartMs / 1000).toFixed(1)} s ${clockAheadMs > 0 ? "behind" : "ahead of"} the database's, which decides what is due`,
    "let NTP set both clocks (timedatectl status; on Windows w32tm /query /status)",
  );
});
