/** Reads what a child process prints, in bounded memory however much that is. What it means is the reader's affair. */

export interface Reading {
  /** At the output's end, or after `stop`. Never rejects. */
  readonly ended: Promise<void>;
  /** For when something unknown holds the output open. */
  stop(): void;
}

/** Reads always, so that the child never waits for its reader. */
export function readOutput(stream: ReadableStream<Uint8Array>, take: (chunk: Uint8Array) => void): Reading {
  const reader = stream.getReader();
  async function read(): Promise<void> {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      take(value);
    }
  }
  return { ended: read().catch(() => {}), stop: () => void reader.cancel().catch(() => {}) };
}

/** The beginning of an output, and whether there was more. */
export class Beginning {
  readonly #maxBytes: number;
  /** Not a list of chunks: a program may write byte by byte. */
  readonly #kept = new Bun.ArrayBufferSink();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  take(chunk: Uint8Array): void {
    const room = this.#maxBytes - this.#bytes;
    this.#bytes += chunk.length;
    if (room > 0) this.#kept.write(chunk.subarray(0, room));
  }

  get isCut(): boolean {
    return this.#bytes > this.#maxBytes;
  }

  /** To be called once, at the end. As UTF-8; what is none is replaced. */
  end(): string {
    return new TextDecoder().decode(this.#kept.end());
  }
}

/** Turns chunks into lines as they come; of a long line the beginning, and the mark "…". */
export class Lines {
  readonly #maxLength: number;
  readonly #onLine: (line: string) => void;
  readonly #decoder = new TextDecoder();
  #rest = "";

  /** @param onLine is not told of empty lines. */
  constructor(maxLength: number, onLine: (line: string) => void) {
    this.#maxLength = maxLength;
    this.#onLine = onLine;
  }

  take(chunk: Uint8Array): void {
    this.#push(this.#decoder.decode(chunk, { stream: true }));
  }

  /** The last line may lack its end. */
  end(): void {
    this.#push(`${this.#decoder.decode()}\n`);
  }

  #push(text: string): void {
    const lines = text.split("\n");
    const rest = lines.pop() ?? "";
    for (const line of lines) {
      this.#tell(this.#rest + line);
      this.#rest = "";
    }
    // One more than is told, so that it is seen to be cut.
    this.#rest = (this.#rest + rest).slice(0, this.#maxLength + 1);
  }

  #tell(line: string): void {
    const text = line.trimEnd();
    if (text === "") return;
    this.#onLine(text.length > this.#maxLength ? `${text.slice(0, this.#maxLength).toWellFormed()}…` : text);
  }
}
