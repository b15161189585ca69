/** What a company's sync came to, in words: for commands and for a task's log. */
import type { KindTally } from "../../task/sync/reading.ts";
import { kindPlurals, recordKinds } from "../../task/sync/record.ts";
import type { CompanyOutcome } from "./sync-companies.ts";

/** One line where one kind was read, else one more a kind. */
export function describeOutcome(outcome: CompanyOutcome): string {
  if ("fault" in outcome) return `company ${outcome.companyCode}: ${outcome.fault.message}`;
  const { company, batch, kinds, overtaken } = outcome;
  const lines = recordKinds.flatMap((kind) => {
    const tally = kinds[kind];
    if (tally !== undefined) return [`${kindPlurals[kind]}: ${describeTally(tally)}`];
    return overtaken.includes(kind) ? [`${kindPlurals[kind]}: read anew meanwhile, nothing changed`] : [];
  });
  const head = `company ${company.code} ${company.name}`;
  const sent = batch === undefined ? "nothing to send" : `batch ${batch.id}: ${count(batch.total)} to send`;
  return lines.length === 1
    ? `${head}: ${sent}; ${lines[0]}`
    : [`${head}: ${sent}`, ...lines.map((line) => `  ${line}`)].join("\n");
}

function describeTally({ read, enqueued, unchanged, underWay, missing, skipped }: KindTally): string {
  const reasons = Object.entries(skipped).map(([reason, number]) => `${count(number)} ${reason}`);
  const parts = [
    part(enqueued, "enqueued"),
    part(unchanged, "unchanged"),
    part(underWay, "under way already"),
    part(missing, "no more in the source"),
    reasons.length === 0 ? [] : `skipped: ${reasons.join(", ")}`,
  ].flat();
  return [`${count(read)} read`, ...parts].join(", ");
}

const part = (number: number, words: string) => (number === 0 ? [] : [`${count(number)} ${words}`]);
const count = (number: number) => number.toLocaleString("en");
