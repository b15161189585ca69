/** Writes dist/SHA256SUMS, by which an operator sees that a copy is whole: `sha256sum -c SHA256SUMS`. */
import { join } from "node:path";
import { DIST } from "./paths.ts";
import { TARGETS } from "./targets.ts";

/** Lists every executable in `folder`, also those of an earlier build, and returns how many. */
export async function writeChecksums(folder = DIST): Promise<number> {
  const lines: string[] = [];
  for (const name of TARGETS.map((target) => target.executable).sort()) {
    const file = Bun.file(join(folder, name));
    if (!(await file.exists())) continue;
    lines.push(`${new Bun.CryptoHasher("sha256").update(await file.bytes()).digest("hex")}  ${name}\n`);
  }
  await Bun.write(join(folder, "SHA256SUMS"), lines.join(""));
  return lines.length;
}
