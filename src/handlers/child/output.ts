/** Reads what a child process prints, in bounded memory however much that is. What it means is the reader's affair. */

export interface Reading {
  /** The output has ended. Never rejects. */
  readonly ended: Promise<void>;
  /** To be called when no more is wanted, whether the output has ended or something unknown holds it open. */
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

/**
 * Reads lines as they come; of a long one the beginning, and the mark "…".
 * @param onLine is not told of empty lines; of the last one, where it lacks its end, when the reading is stopped.
 */
export function readLines(
  stream: ReadableStream<Uint8Array>,
  maxLength: number,
  onLine: (line: string) => void,
): Reading {
  const decoder = new TextDecoder();
  let unended = "";
  function tell(line: string) {
    const text = line.trimEnd();
    if (text === "") return;
    onLine(text.length > maxLength ? `${text.slice(0, maxLength).toWellFormed()}…` : text);
  }
  function take(text: string) {
    const lines = text.split("\n");
    const rest = lines.pop() ?? "";
    for (const line of lines) {
      tell(unended + line);
      unended = "";
    }
    // One more than is told, so that it is seen to be cut.
    unended = (unended + rest).slice(0, maxLength + 1);
  }
  const reading = readOutput(stream, (chunk) => take(decoder.decode(chunk, { stream: true })));
  return {
    ended: reading.ended,
    stop() {
      reading.stop();
      take(`${decoder.decode()}\n`);
    },
  };
}
