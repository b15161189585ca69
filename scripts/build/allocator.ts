/**
 * Sets options of Bun's allocator, mimalloc, in the Bun that an executable is made of. They can be set from outside alone, by
 * variables that a process has from its start, and an operator should need none; those go on to work.
 *
 * mimalloc keeps them in a table of `mi_option_desc_t`, 32 bytes each: a C `long`, whether it was read from the environment
 * (int, 0 so far), the number of the option (int), its name and an older one (pointers).
 */
import type { Target } from "./targets.ts";

interface Option {
  readonly name: string;
  /** Its place in mimalloc's table. */
  readonly number: number;
  readonly from: number;
  readonly to: number;
}

const options: readonly Option[] = [
  // Memory is given back to the system once it has been free for so long, ms. A busy worker takes it again within a second.
  { name: "purge_delay", number: 15, from: 100, to: 1_000 },
  // 0: what is free within a page that is in use stays with the process. By giving it back ten times a second and taking it
  // again, a task costs the worker more than a third as much again; by keeping it, a worker at rest some 3 MB.
  { name: "purge_holes", number: 50, from: 1, to: 0 },
];

const entrySize = 32;
const lastNumber = Math.max(...options.map(({ number }) => number));

/**
 * Changes `bun` in place.
 * @throws Error where its table is not as expected, so that another Bun can't be left untuned without a sound.
 */
export function tuneAllocator(bun: Uint8Array, target: Pick<Target, "name">): void {
  const bytes = Buffer.from(bun.buffer, bun.byteOffset, bun.byteLength);
  // A C long has 4 bytes on Windows.
  const longSize = target.name === "windows-x64" ? 4 : 8;
  const table = findTable(bytes) - longSize;
  const entry = (number: number) => table + number * entrySize;
  // Where the names are loaded can't be told, but they are so together: all as far from where they lie in the file.
  const nameAddress = (number: number) => bytes.readBigUInt64LE(entry(number) + 16);
  const shifts = new Set(
    options.map(({ name, number }) => nameAddress(number) - BigInt(findName(bytes, name))),
  );
  if (shifts.size !== 1) throw unexpected("its options have other numbers");
  for (const { name, number, from, to } of options) {
    const found = bytes.readIntLE(entry(number), 4);
    if (found !== from) throw unexpected(`${name} is ${found}, not ${from}`);
    bytes.writeIntLE(to, entry(number), 4);
  }
}

/** @returns where the second field of its first entry is. */
function findTable(bytes: Buffer): number {
  const last = fieldsOf(lastNumber);
  const found: number[] = [];
  for (let at = bytes.indexOf(last); at !== -1; at = bytes.indexOf(last, at + 1)) {
    const first = at - lastNumber * entrySize;
    const isEntry = (number: number) => {
      const start = first + number * entrySize;
      return bytes.subarray(start, start + 8).equals(fieldsOf(number));
    };
    if (first >= 8 && Array.from({ length: lastNumber }, (_, number) => number).every(isEntry))
      found.push(first);
  }
  const [only] = found;
  if (only === undefined || found.length > 1) throw unexpected(`${found.length} tables look like it`);
  return only;
}

/** The second and the third field of an entry that no environment has set. */
function fieldsOf(number: number): Buffer {
  const fields = Buffer.alloc(8);
  fields.writeInt32LE(number, 4);
  return fields;
}

function findName(bytes: Buffer, name: string): number {
  const text = `\0${name}\0`;
  const at = bytes.indexOf(text);
  if (at === -1 || bytes.indexOf(text, at + 1) !== -1) throw unexpected(`it has not one option ${name}`);
  return at;
}

const unexpected = (what: string) =>
  new Error(`Bun's allocator is not the one that its options are set for: ${what}`);
