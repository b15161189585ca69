/**
 * Counters, histograms and gauges as text in Prometheus' exposition format 0.0.4. Our own, in place of a library: the
 * one that is kept, prom-client, brings two more packages and a registry per process, and does not bound series.
 * Which metrics there are is `task-metrics.ts`'s affair.
 */

export type Labels = Readonly<Record<string, string>>;

/** A sample line's name and labels, without its value. Built once a series, since it costs more than counting. */
export function seriesOf(name: string, labels: Labels = {}): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escapeValue(value)}"`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(",")}}`;
}

const escapeValue = (value: string) =>
  value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');

export interface Family {
  name: string;
  type: "counter" | "gauge" | "histogram";
  /** For people: one line, in words. */
  help: string;
  /** Series and values, in the order in which they are to be read. */
  samples: Iterable<readonly [series: string, value: number]>;
}

/** A family without samples is left out. */
export function expose(families: readonly Family[]): string {
  let text = "";
  for (const { name, type, help, samples } of families) {
    let lines = "";
    for (const [series, value] of samples) lines += `${series} ${value}\n`;
    if (lines !== "") text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines}`;
  }
  return text;
}

/** How values spread. One observation costs a walk over its few bounds. */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  readonly #series: string[];
  readonly #total: string;
  readonly #sumSeries: string;
  #sum = 0;

  /** @param bounds upper ones, ascending, in the metric's unit; +Inf is added. */
  constructor(name: string, labels: Labels, bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = Array(bounds.length + 1).fill(0);
    this.#series = [...bounds.map(String), "+Inf"].map((le) => seriesOf(`${name}_bucket`, { ...labels, le }));
    this.#sumSeries = seriesOf(`${name}_sum`, labels);
    this.#total = seriesOf(`${name}_count`, labels);
  }

  observe(value: number): void {
    const found = this.#bounds.findIndex((bound) => value <= bound);
    const index = found === -1 ? this.#bounds.length : found;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#sum += value;
  }

  *samples(): Generator<readonly [string, number]> {
    let count = 0;
    for (const [index, series] of this.#series.entries()) {
      count += this.#counts[index] ?? 0;
      yield [series, count];
    }
    yield [this.#sumSeries, this.#sum];
    yield [this.#total, count];
  }
}
