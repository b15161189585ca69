/** A task's log lines for people: of the form that the worker's own log has, with the attempt where that has the level. */
import { toPlain } from "../../log/plain-value.ts";
import { escapeControls, fieldText } from "../../log/pretty-line.ts";
import type { LogLine } from "../../task/task-log.ts";
import { formatInstant } from "./print.ts";

/** @param afterN the number of the line that was printed before, 0 for none. One more line tells of those in between. */
export function describeLines(lines: LogLine[], afterN: number): string[] {
  const [first] = lines;
  const missing = first === undefined ? 0 : first.n - 1 - afterN;
  return [...(missing > 0 ? [`(${missing} earlier lines were not kept)`] : []), ...lines.map(describeLine)];
}

function describeLine({ at, attempt, message, fields = {} }: LogLine): string {
  const words = Object.entries(fields).map(
    ([name, value]) => `${escapeControls(name)}=${fieldText(toPlain(value, (text) => text) ?? null)}`,
  );
  return [`${formatInstant(new Date(at))}  attempt ${attempt} `, escapeControls(message), ...words].join(" ");
}
