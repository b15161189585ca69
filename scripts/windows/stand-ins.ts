/**
 * Programs that Wine lacks, on its C: drive. NSSM is not in Debian and no binary is kept here; sc, reg and icacls of Wine
 * know half of what Windows' own do.
 */
import { linkSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { obtainPackage } from "../build/npm-package.ts";
import { findTarget } from "../build/targets.ts";
import type { Wine } from "./wine.ts";

const PROGRAMS = ["nssm.exe", "sc.exe", "reg.exe", "icacls.exe", "schtasks.exe", "powershell.exe"];

/**
 * Puts `sc-of-windows.ts` on the drive.
 * @returns its folder, for `WINEPATH`: there it comes before Wine's own.
 */
export async function addServiceControl(wine: Wine): Promise<string> {
  const folder = "C:\\sc";
  mkdirSync(wine.hostPath(folder), { recursive: true });
  await compile("sc-of-windows.ts", wine.hostPath(`${folder}\\sc.exe`));
  return folder;
}

/**
 * A folder with programs that only write down what they were given. cmd finds them first when it is started there, others
 * with it in WINEPATH.
 */
export class StandIns {
  readonly folder = "C:\\stand-ins";
  readonly #wine: Wine;

  private constructor(wine: Wine) {
    this.#wine = wine;
  }

  static async make(wine: Wine): Promise<StandIns> {
    const made = new StandIns(wine);
    const folder = wine.hostPath(made.folder);
    mkdirSync(folder, { recursive: true });
    const [first = "", ...others] = PROGRAMS.map((name) => join(folder, name));
    await compile("record-words.ts", first);
    for (const path of others) linkSync(first, path);
    return made;
  }

  /**
   * The programs and words of a script that was run in the folder. Wine's cmd reads a script in the code page of DOS whatever
   * `chcp` says, where Windows' own goes on in UTF-8: so that one line of it is not tried here.
   */
  async callsOf(script: string): Promise<string[][]> {
    writeFileSync(this.#wine.hostPath(`${this.folder}\\script.cmd`), encodeDos(script));
    this.#wine.writeFile(`${this.folder}\\calls.ndjson`, "");
    const ran = await this.#wine.run("cmd", ["/c", "script.cmd"], { cwd: this.folder });
    if ((await ran.exited) !== 0) throw new Error(`the script failed\n${ran.describe()}`);
    const calls = readFileSync(this.#wine.hostPath(`${this.folder}\\calls.ndjson`), "utf8");
    return calls
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
  }
}

async function compile(source: string, outfile: string): Promise<void> {
  const { bunPackage, bunBinary, bunTarget } = findTarget("windows-x64");
  const bun = join((await obtainPackage(bunPackage, bunBinary)).folder, bunBinary);
  await Bun.build({
    entrypoints: [join(import.meta.dir, source)],
    compile: { target: bunTarget, executablePath: bun, outfile },
  });
}

/** Code pages 437 and 850 have these alike. */
const dosLetters: Record<string, number> = { á: 0xa0, í: 0xa1, ó: 0xa2, é: 0x82 };

function encodeDos(text: string): Buffer {
  return Buffer.from(
    [...text].map((letter) => {
      const code = dosLetters[letter] ?? letter.charCodeAt(0);
      if (code > 0x7f && dosLetters[letter] === undefined) throw new Error(`no code for ${letter}`);
      return code;
    }),
  );
}
