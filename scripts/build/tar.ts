/** Writes tar archives that are the same bytes for the same files: Bun.Archive stamps them with the time of day. */
const BLOCK = 512;

/** A ustar archive of `files`, by path, in the order given. */
export function writeTar(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [path, content] of files) {
    parts.push(header(path, content.length), content, new Uint8Array(-content.length & (BLOCK - 1)));
  }
  parts.push(new Uint8Array(2 * BLOCK));
  return Buffer.concat(parts);
}

/** A POSIX.1-1988 header of a regular file: mode 0644, owned by root, dated 1970. */
function header(path: string, bytes: number): Uint8Array {
  if (Buffer.byteLength(path) > 100) throw new Error(`too long a name for this tar: ${path}`);
  const block = Buffer.alloc(BLOCK);
  const field = (offset: number, text: string) => block.write(text, offset, "utf8");
  const octal = (offset: number, width: number, value: number) =>
    field(offset, value.toString(8).padStart(width - 1, "0"));
  field(0, path);
  octal(100, 8, 0o644);
  octal(108, 8, 0); // uid
  octal(116, 8, 0); // gid
  octal(124, 12, bytes);
  octal(136, 12, 0); // mtime
  field(148, "        "); // the checksum counts as spaces
  field(156, "0");
  field(257, "ustar\0" + "00");
  field(
    148,
    `${block
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, "0")}\0 `,
  );
  return block;
}
