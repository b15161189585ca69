/**
 * What the handlers of every contender call: counts how often each task ran and keeps when it first did. It lives in the
 * process or thread that runs the handlers, in Node and in Bun alike, and is read by the harness (`tallies.ts`) from files:
 * BENCH_TALLY (a few figures as JSON, written every 20 ms while tasks run and at once when BENCH_EXPECTED have) and
 * BENCH_TALLY.counts and .starts (a byte and a double for each of BENCH_TASKS tasks, written when none ran for 50 ms).
 */
import { renameSync, writeFileSync } from "node:fs";
import { instantMs } from "./clock.mjs";

const everyMs = 20;
const idleMs = 50;

const path = process.env.BENCH_TALLY ?? "";
const size = Number(process.env.BENCH_TASKS);
const expected = Number(process.env.BENCH_EXPECTED);
const counts = new Uint8Array(size);
const starts = new Float64Array(size);
let total = 0;
let firstMs = 0;
let lastMs = 0;
let firstCpuMs = 0;
/** How many had run when the figures, and when the arrays were written. */
let told = 0;
let kept = 0;
let timer;

/** Task number `i` runs. */
export function ran(i) {
  lastMs = instantMs();
  if (total === 0) {
    firstMs = lastMs;
    firstCpuMs = cpuMs();
  }
  if (counts[i] === 0) starts[i] = lastMs;
  if (counts[i] < 255) counts[i]++;
  total++;
  timer ??= setInterval(look, everyMs);
  if (total === expected) tell();
}

function look() {
  if (told !== total) {
    tell();
    return;
  }
  if (instantMs() - lastMs < idleMs) return;
  // Resting costs nothing: the idle contender is measured, not its tally.
  clearInterval(timer);
  timer = undefined;
  replace(`${path}.counts`, counts);
  replace(`${path}.starts`, starts);
  kept = total;
  tell();
}

function tell() {
  told = total;
  replace(path, JSON.stringify({ ran: total, kept, firstMs, lastMs, firstCpuMs }));
}

/** So that nobody reads half of it. */
function replace(name, content) {
  writeFileSync(`${name}.new`, content);
  renameSync(`${name}.new`, name);
}

function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
