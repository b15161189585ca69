/**
 * `call.mjs CALLER JSON`: enqueues as the JSON says and prints, as JSON, when each call was made and how long it took.
 * Task numbers begin with `from`.
 * `{"way": "one", "count", "callers", "warmUp"}`: one by one, by so many callers at once; `warmUp`: after a call each that is
 * not counted, so that each has its connection;
 * `{"way": "many", "count"}`: all in one call;
 * `{"way": "paced", "count", "pauseMs" or "perSecond", "watch"}`: one at a time with pauses, or so many a second whether the
 * calls before are answered or not; `watch`: each is looked for until it is durably finished, and tells `doneMs`.
 */
import { instantMs } from "../measure/clock.mjs";
import { openCaller } from "./callers.mjs";

const [name, text] = process.argv.slice(2);
const { way, count, from = 0, callers = 1, pauseMs = 0, perSecond = 0, ...rest } = JSON.parse(text);
const { watch = false, warmUp = false, limitMs = 60_000 } = rest;
const openLoopConnections = 20;

const pad = "x".repeat(180);
const caller = await openCaller(name, perSecond > 0 ? openLoopConnections : callers);
const deadlineMs = instantMs() + limitMs;
const calledMs = new Array(way === "many" ? 0 : count).fill(0);
const doneMs = calledMs.slice();
let made = 0;

if (warmUp) await Promise.all(Array.from({ length: callers }, () => caller.one({ i: 0, pad })));
const startedMs = instantMs();
if (way === "one") await Promise.all(Array.from({ length: callers }, callOnAndOn));
else if (way === "many") await callMany();
else if (perSecond > 0) await callBySchedule();
else await callWithPauses();
const endedMs = instantMs();

await caller.close();
const answer = { made, tookMs: endedMs - startedMs, calledMs, doneMs };
process.stdout.write(JSON.stringify(answer), () => process.exit(0));

async function callOnAndOn() {
  while (made < count && instantMs() < deadlineMs) await call(made++);
}

async function callMany() {
  await caller.many(Array.from({ length: count }, (_, n) => ({ i: from + n, pad })));
  made = count;
}

async function callWithPauses() {
  while (made < count && instantMs() < deadlineMs) {
    const n = made++;
    const id = await call(n);
    if (watch) {
      while (!(await caller.isDone(id))) if (instantMs() > deadlineMs) return;
      doneMs[n] = instantMs();
    }
    // Not in step with anybody's timer.
    await sleep(pauseMs * (0.5 + Math.random()));
  }
}

async function callBySchedule() {
  const calls = [];
  while (made < count && instantMs() < deadlineMs) {
    const dueByNow = Math.min(count, Math.floor(((instantMs() - startedMs) * perSecond) / 1000));
    while (made < dueByNow) calls.push(call(made++));
    await sleep(1);
  }
  await Promise.all(calls);
}

async function call(n) {
  calledMs[n] = instantMs();
  return await caller.one({ i: from + n, pad });
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
