/** Where the build reads and writes, from any working folder. */
import { join } from "node:path";

export const ROOT = join(import.meta.dir, "../..");
/** What is kept between builds: packages and Postgres archives. Safe to delete. */
export const BUILD = join(ROOT, "build");
export const DIST = join(ROOT, "dist");
