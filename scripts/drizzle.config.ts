/** For `bun run generate`: writes the migration that takes the newest snapshot to `src/store/schema/schema.ts`. */
import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "postgresql",
  schema: "./src/store/schema/schema.ts",
  out: "./drizzle",
});
