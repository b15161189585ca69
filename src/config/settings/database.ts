/** Where tasks are kept. */
import { defaultDataFolder } from "../folders.ts";
import * as kind from "../value-kinds.ts";
import { define, none } from "./setting.ts";

export const databaseSettings = {
  "database-url": define({
    property: "databaseUrl",
    kind: kind.postgresUrl,
    env: "DATABASE_URL",
    flag: false,
    secret: true,
    default: none("the embedded Postgres", "postgres://fiscaut@db.example/fiscaut"),
    about: "Postgres that holds the tasks.",
  }),
  "data-dir": define({
    property: "dataDir",
    kind: kind.folder,
    env: "FISCAUT_TASKS_DATA_DIR",
    flag: true,
    default: {
      compute: defaultDataFolder,
      text: "root: `/var/lib/fiscaut-tasks`; user: `~/.local/share/fiscaut-tasks`; Windows: `%ProgramData%\\fiscaut-tasks`",
      example: "data",
    },
    about: "Where the embedded Postgres lives.",
  }),
};
