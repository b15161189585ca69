/**
 * The parts of npm's resedit that the build uses, with types of our own: its types bring a browser's along, and with those
 * Bun's own lose members everywhere in the program.
 */
interface Entry {
  id: number | string;
  lang: number | string;
}

interface VersionInfo {
  outputToResourceEntries(entries: Entry[]): void;
}

export interface Resedit {
  NtExecutable: {
    from(bytes: Uint8Array, options: { ignoreCert: boolean }): { generate(): ArrayBuffer };
  };
  NtExecutableResource: {
    from(executable: unknown): {
      entries: Entry[];
      removeResourceEntry(type: number, id: number, lang: number | string): void;
      outputResource(executable: unknown): void;
    };
  };
  Data: { IconFile: { from(bytes: Uint8Array): { icons: { data: unknown }[] } } };
  Resource: {
    IconGroupEntry: {
      fromEntries(entries: Entry[]): Entry[];
      replaceIconsForResource(
        entries: Entry[],
        id: number | string,
        lang: number | string,
        icons: unknown[],
      ): void;
    };
    VersionInfo: {
      fromEntries(entries: Entry[]): Entry[];
      create(options: {
        lang: number;
        fixedInfo: Record<string, number>;
        strings: { lang: number; codepage: number; values: Record<string, string> }[];
      }): VersionInfo;
    };
  };
}

const name: string = "resedit"; // not a literal, which would be typed by the package

export const resedit = (await import(name)) as Resedit;
