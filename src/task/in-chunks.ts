/** Parts a stream into chunks, for whoever takes many items at once and keeps no more than one chunk of them in memory. */

export interface ChunkLimits<Item> {
  /** A chunk has no more items. */
  items: number;
  /** Large items end a chunk earlier: with the one by which it reaches so many bytes. */
  bytes?: { most: number; of: (item: Item) => number };
}

/**
 * In the stream's order; none is empty.
 * @param turn what is done to each item as it comes; the limits are those of its result.
 */
export async function* inChunks<Given, Item>(
  stream: Iterable<Given> | AsyncIterable<Given>,
  limits: ChunkLimits<Item>,
  turn: (given: Given) => Item,
): AsyncGenerator<Item[]> {
  const chunks = new Chunks(limits);
  // Awaiting what is there already costs more than all else that is done here.
  if (Symbol.iterator in stream)
    for (const given of stream) {
      const full = chunks.add(turn(given));
      if (full !== undefined) yield full;
    }
  else
    for await (const given of stream) {
      const full = chunks.add(turn(given));
      if (full !== undefined) yield full;
    }
  const rest = chunks.take();
  if (rest !== undefined) yield rest;
}

/** Of a stream of arrays: the same items, in chunks of these limits. */
export async function* inOtherChunks<Item>(
  stream: AsyncIterable<Item[]>,
  limits: ChunkLimits<Item>,
): AsyncGenerator<Item[]> {
  const chunks = new Chunks(limits);
  for await (const items of stream)
    for (const item of items) {
      const full = chunks.add(item);
      if (full !== undefined) yield full;
    }
  const rest = chunks.take();
  if (rest !== undefined) yield rest;
}

class Chunks<Item> {
  readonly #limits: ChunkLimits<Item>;
  #chunk: Item[] = [];
  #bytes = 0;

  constructor(limits: ChunkLimits<Item>) {
    this.#limits = limits;
  }

  /** @returns the chunk that this item has filled. */
  add(item: Item): Item[] | undefined {
    const { items, bytes } = this.#limits;
    this.#chunk.push(item);
    this.#bytes += bytes?.of(item) ?? 0;
    const full = this.#chunk.length >= items || this.#bytes >= (bytes?.most ?? Number.POSITIVE_INFINITY);
    return full ? this.take() : undefined;
  }

  /** @returns what has come since the last one. */
  take(): Item[] | undefined {
    if (this.#chunk.length === 0) return undefined;
    const chunk = this.#chunk;
    this.#chunk = [];
    this.#bytes = 0;
    return chunk;
  }
}
