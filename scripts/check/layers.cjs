// The layer rule of src/README.md for dependency-cruiser: who may import whom, and which package belongs where.
// test/scripts/layers.test.ts plants a violation of each kind, because a rule that can't fire looks just like a clean tree.
const layers = {
  task: [],
  fiscaut: ["task"],
  sources: ["task"],
  config: ["task"],
  log: ["task", "config"],
  service: ["task", "config"],
  store: ["task", "config"],
  windows: ["task"],
  linux: [],
  hooks: ["task", "handlers"],
  handlers: ["task", "fiscaut", "sources"],
  engine: ["task", "config", "store", "handlers"],
  http: ["task", "config", "store", "handlers"],
  cli: [
    "task",
    "fiscaut",
    "sources",
    "config",
    "log",
    "store",
    "handlers",
    "hooks",
    "engine",
    "http",
    "service",
    "windows",
    "linux",
  ],
};

const error = (name, from, to) => ({ name, severity: "error", from, to });
const packageOnlyIn = (folders, name) =>
  error(
    `${name}-only-in-${folders.join("+")}`,
    { path: "^src/", pathNot: `^src/(${folders.join("|")})/` },
    { path: `node_modules/${name}/` },
  );

module.exports = {
  forbidden: [
    error("no-cycles", {}, { circular: true }),
    error("no-unresolved", { path: "^src/" }, { couldNotResolve: true, pathNot: "^bun(:|$)" }),
    error(
      "known-folder",
      { path: "^src/", pathNot: `^src/(main\\.ts$|(${Object.keys(layers).join("|")})/)` },
      {},
    ),
    error(
      "config-is-loaded-only-by-cli",
      { path: "^src/", pathNot: "^src/(cli|config)/" },
      { path: "^src/config/load" },
    ),
    ...Object.entries(layers).map(([folder, allowed]) =>
      error(
        `${folder}-imports-only-${allowed.join("+") || "itself"}`,
        { path: `^src/${folder}/` },
        { path: "^src/", pathNot: `^src/(${[folder, ...allowed].join("|")})/` },
      ),
    ),
    packageOnlyIn(["store"], "drizzle-orm"),
    packageOnlyIn(["store", "sources"], "postgres"),
    packageOnlyIn(["http"], "hono"),
    packageOnlyIn(["cli"], "citty"),
    packageOnlyIn(["log"], "consola"),
  ],
  options: {
    tsPreCompilationDeps: true, // type-only imports count too
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "default"] },
    doNotFollow: { path: "node_modules" },
  },
};
