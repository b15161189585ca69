/**
 * Gives the Bun that the Windows executable is made of our icon and version: Windows shows both, and so do its Event Log
 * and Task Manager. It has to be done before compiling, since what Bun appends is found by its place.
 */
import { drawIcon } from "./icon.ts";
import { resedit } from "./resedit.ts";

const { Data, NtExecutable, NtExecutableResource, Resource } = resedit;

const ENGLISH_US = 1033;
const UNICODE = 1200;

export interface Brand {
  /** `1.2.3`, with or without more. */
  readonly version: string;
  /** The executable's name. */
  readonly fileName: string;
}

/** The bytes of `executable` with our resources in place of its own. The same in gives the same out. */
export function brandExecutable(
  executable: Uint8Array<ArrayBuffer>,
  { version, fileName }: Brand,
): Uint8Array {
  const image = NtExecutable.from(executable, { ignoreCert: true });
  const resources = NtExecutableResource.from(image);
  const icons = Data.IconFile.from(drawIcon()).icons.map(({ data }) => data);
  const groups = Resource.IconGroupEntry.fromEntries(resources.entries);
  Resource.IconGroupEntry.replaceIconsForResource(
    resources.entries,
    groups[0]?.id ?? 1,
    groups[0]?.lang ?? ENGLISH_US,
    icons,
  );
  for (const { lang } of Resource.VersionInfo.fromEntries(resources.entries))
    resources.removeResourceEntry(16, 1, lang);
  const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/).map(Number);
  const info = Resource.VersionInfo.create({
    lang: ENGLISH_US,
    fixedInfo: {
      fileVersionMS: (major << 16) | minor,
      fileVersionLS: patch << 16,
      productVersionMS: (major << 16) | minor,
      productVersionLS: patch << 16,
      fileFlagsMask: 0x3f,
      fileOS: 0x40004, // Windows NT
      fileType: 1, // a program
    },
    strings: [
      {
        lang: ENGLISH_US,
        codepage: UNICODE,
        values: {
          ProductName: "fiscaut-tasks",
          FileDescription: "fiscaut-tasks: background-task worker for the Fiscaut connector",
          ProductVersion: version,
          FileVersion: version,
          InternalName: "fiscaut-tasks",
          OriginalFilename: fileName,
        },
      },
    ],
  });
  info.outputToResourceEntries(resources.entries);
  resources.outputResource(image);
  return new Uint8Array(image.generate());
}
