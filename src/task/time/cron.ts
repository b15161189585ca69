/**
 * The ticks of a cron rule, by croner: pure, since the caller brings the instant. What becomes of a tick is told by
 * `schedule.ts`.
 *
 * Where clocks are put forward, a rule with one fixed time of day ticks just after the gap; where they are put back,
 * it ticks at the first of the two. Rules that tick every few minutes or hours go on by elapsed time. (As Vixie cron.)
 */
import { Cron } from "croner";
import { OperatorError } from "../errors.ts";

export interface CronRule {
  /** Five fields, or six with seconds first, or a word such as @daily. */
  cron: string;
  /** IANA's name. */
  timeZone: string;
}

/** @throws OperatorError "usage" when the rule or its time zone is none, or it never ticks. */
export function checkCron({ cron, timeZone }: CronRule): void {
  if (!isTimeZone(timeZone))
    throw new OperatorError("usage", `${JSON.stringify(timeZone)} is not a time zone`, {
      hint: "an IANA name such as America/Sao_Paulo or UTC",
    });
  // croner also takes one instant, and replaces ? by the moment of asking, which differs from worker to worker.
  const fields = cron.trim().split(/\s+/);
  if (!/^@[a-z]+$/i.test(cron) && ((fields.length !== 5 && fields.length !== 6) || cron.includes("?")))
    throw notCron(cron, "five fields are needed: minute, hour, day, month, weekday");
  let first: Date | null;
  try {
    first = parse({ cron, timeZone }).nextRun(new Date(0));
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^CronPattern: /, "") : String(error);
    throw notCron(cron, reason);
  }
  if (first === null) throw notCron(cron, "it never ticks");
}

/** The first tick after `at`, or null when none comes any more. */
export function nextTick(rule: CronRule, at: Date): Date | null {
  return parse(rule).nextRun(at);
}

/** The newest `limit` ticks from `from` to `to`, both included, oldest first. */
export function ticksBetween(rule: CronRule, from: Date, to: Date, limit: number): Date[] {
  // croner's are strictly before the instant, and whole seconds.
  return parse(rule)
    .previousRuns(limit, new Date(Math.floor(to.getTime() / 1000) * 1000 + 1000))
    .filter((tick) => tick >= from && tick <= to)
    .reverse();
}

const parse = ({ cron, timeZone }: CronRule) => new Cron(cron, { timezone: timeZone, paused: true });

function isTimeZone(name: string): boolean {
  // Without a letter first it would be an offset, which Intl takes too.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const notCron = (cron: string, reason: string) =>
  new OperatorError("usage", `${JSON.stringify(cron)} is not a cron rule: ${reason}`, {
    hint: '"0 6 * * 1-5" ticks at six on working days',
  });
