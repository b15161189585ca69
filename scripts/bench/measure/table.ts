/** Results as tables in Markdown. */
import type { Contender } from "../contenders/contender.ts";
import { median, pairedRatio, spreadOf } from "./statistics.ts";

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
  return line(head) + line(head.map(() => "---")) + rows.map(line).join("");
}

/** Three digits that count. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "-";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(3)));
}

export function spreadText(values: readonly number[]): string {
  const { median: middle, least, most } = spreadOf(values);
  return values.length < 2 ? figure(middle) : `${figure(middle)} (${figure(least)} to ${figure(most)})`;
}

/**
 * A row a contender: median, range, and the ratio to `against`, of medians and, in brackets, the median of each round's own.
 * @param remark what else is to be said of a row.
 */
export function comparison(
  unit: string,
  results: ReadonlyMap<Contender, readonly number[]>,
  against: string,
  remark: (contender: Contender) => string = () => "",
): string {
  const peer = [...results].find(([{ name }]) => name === against)?.[1];
  const rows = [...results].map(([contender, values]) => [
    `${contender.title}${remark(contender)}`,
    spreadText(values),
    peer === undefined
      ? "-"
      : `${figure(median(values) / median(peer))} (${figure(pairedRatio(values, peer))})`,
  ]);
  return table(["contender", unit, `times ${against} (by round)`], rows);
}
