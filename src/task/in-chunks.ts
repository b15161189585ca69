/** Parts a stream into chunks, for whoever takes many items at once and keeps no more than one chunk of them in memory. */

export interface ChunkLimits<Item> {
  /** A chunk has no more items. */
  items: number;
  /** Large items end a chunk earlier: with the one by which it reaches so many bytes. */
  bytes?: { most: number; of: (item: Item) => number };
}

/** In the stream's order; none is empty. */
export async function* inChunks<Item>(
  stream: Iterable<Item> | AsyncIterable<Item>,
  limits: ChunkLimits<Item>,
): AsyncGenerator<Item[]> {
  let chunk: Item[] = [];
  let bytes = 0;
  for await (const item of stream) {
    chunk.push(item);
    bytes += limits.bytes?.of(item) ?? 0;
    if (chunk.length < limits.items && bytes < (limits.bytes?.most ?? Number.POSITIVE_INFINITY)) continue;
    yield chunk;
    chunk = [];
    bytes = 0;
  }
  if (chunk.length > 0) yield chunk;
}
