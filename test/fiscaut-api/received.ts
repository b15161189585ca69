/** What the stand-in has received, and what must hold of it. Which content is newer is known to the test alone. */

/** A POST, however it was answered. */
export interface Received {
  /** Milliseconds since the epoch. */
  at: number;
  /** As in the path: `fornecedores`. */
  resource: string;
  company: string;
  /** What the server knows the record by within its company: the CNPJ or CPF, or the code. "" where it was missing. */
  key: string;
  /** The body as it came, good or bad. */
  content: Record<string, string>;
  /** Undefined while the answer is due. */
  status: number | undefined;
  /** The upsert was done, whether or not the caller came to know of it. */
  stored: boolean;
}

/** In the order in which a company's records are to be sent. */
const RESOURCE_ORDER = ["plano-de-contas", "clientes", "fornecedores", "acumuladores"];

/**
 * Those that came after a newer content of the same record had come, whatever became of either.
 * @param versionOf a content's age, higher is newer.
 */
export function findStale(
  received: readonly Received[],
  versionOf: (content: Record<string, string>) => number,
): Received[] {
  const newest = new Map<string, number>();
  return received.filter(({ resource, company, key, content }) => {
    const id = `${resource}/${company}/${key}`;
    const version = versionOf(content);
    const isStale = version < (newest.get(id) ?? version);
    if (!isStale) newest.set(id, version);
    return isStale;
  });
}

/** Those that came for the first time after a record of a later kind of the same company had come. */
export function findOutOfOrder(received: readonly Received[]): Received[] {
  const latest = new Map<string, number>();
  const seen = new Set<string>();
  return received.filter(({ resource, company, key }) => {
    const id = `${resource}/${company}/${key}`;
    if (seen.has(id)) return false; // a retry blocks nobody
    seen.add(id);
    const place = RESOURCE_ORDER.indexOf(resource);
    const isLate = place < (latest.get(company) ?? place);
    if (!isLate) latest.set(company, place);
    return isLate;
  });
}
