/**
 * One Windows program under Wine as Linux sees it: what it writes, its end, its terminal's keys.
 * It leaves the drive and the environment that it runs in to `wine.ts`.
 */

/** What waits for a program's doing gives up after: generous, for a machine with much else to do. */
export const LIMIT_MS = 180_000;

/** One Windows program, as Linux sees it. */
export class WineProcess {
  readonly exited: Promise<number>;
  readonly #process: Bun.Subprocess;
  readonly #name: string;
  #output = "";
  #errors = "";
  #ended = false;
  #changed = Promise.withResolvers<void>();

  constructor(command: string[], env: Record<string, string>, name: string, terminal: boolean) {
    this.#name = name;
    const decoder = new TextDecoder();
    const onTerminal = (bytes: Uint8Array) => this.#append(decoder.decode(bytes, { stream: true }), "");
    this.#process = Bun.spawn(command, {
      env,
      ...(terminal
        ? { terminal: { cols: 400, rows: 50, data: (_terminal, bytes) => onTerminal(bytes) } }
        : { stdin: "ignore", stdout: "pipe", stderr: "pipe" }),
    });
    const { stdout, stderr } = this.#process;
    const reading = [
      this.#read(stdout, (text) => this.#append(text, "")),
      this.#read(stderr, (text) => this.#append("", text)),
    ];
    this.exited = this.#process.exited.then(async (code) => {
      // A child that outlives the program may hold its pipes open: what it wrote is here soon or never.
      await Promise.race([Promise.all(reading), Bun.sleep(500)]);
      this.#ended = true;
      this.#append("", "");
      return code;
    });
  }

  /** Standard output so far; of a program with a terminal, all that was shown. */
  get output(): string {
    return this.#output;
  }

  /** Standard error so far. */
  get errors(): string {
    return this.#errors;
  }

  /**
   * Waits until what the program wrote, on either stream, matches.
   * @throws Error with all that it wrote, when it ends without or `limitMs` passes.
   */
  async waitForOutput(pattern: RegExp, limitMs = LIMIT_MS): Promise<RegExpExecArray> {
    return await withLimit(limitMs, `${this.#name} wrote no ${pattern}`, this, async () => {
      for (;;) {
        const ended = this.#ended;
        const match = pattern.exec(`${this.#output}\n${this.#errors}`);
        if (match !== null) return match;
        if (ended) throw new Error(`${this.#name} ended and wrote no ${pattern}\n${this.describe()}`);
        await this.#changed.promise;
      }
    });
  }

  /** Waits for the program's end by itself. @throws Error with its output when `limitMs` passes. */
  async waitForExit(limitMs = LIMIT_MS): Promise<number> {
    return await withLimit(limitMs, `${this.#name} is still running`, this, () => this.exited);
  }

  /** Types into the program's terminal. */
  type(text: string): void {
    this.#process.terminal?.write(text);
  }

  /** Ends it at once, as `taskkill /f` or a power cut would: none of its code runs any more. */
  kill(): void {
    this.#process.kill("SIGKILL");
  }

  /** What it wrote, for the message of a failed test. */
  describe(): string {
    return `stdout: ${this.#output.trim()}\nstderr: ${this.#errors.trim()}`;
  }

  #append(output: string, errors: string): void {
    this.#output += output;
    this.#errors += errors;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async #read(stream: unknown, take: (text: string) => void): Promise<void> {
    if (!(stream instanceof ReadableStream)) return;
    const decoder = new TextDecoder();
    for await (const bytes of stream) take(decoder.decode(bytes, { stream: true }));
  }
}

async function withLimit<T>(
  limitMs: number,
  failure: string,
  program: WineProcess,
  wait: () => Promise<T>,
): Promise<T> {
  const limit = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => limit.reject(new Error(`${failure} after ${limitMs} ms\n${program.describe()}`)),
    limitMs,
  );
  try {
    return await Promise.race([wait(), limit.promise]);
  } finally {
    clearTimeout(timer);
  }
}
