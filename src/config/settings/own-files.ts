/** The operator's own TypeScript and JavaScript. */
import { defaultHandlersFolder } from "../folders.ts";
import * as kind from "../value-kinds.ts";
import { define, none } from "./setting.ts";

export const ownFilesSettings = {
  handlers: define({
    property: "handlers",
    kind: kind.folder,
    env: "FISCAUT_TASKS_HANDLERS",
    flag: true,
    default: {
      compute: defaultHandlersFolder,
      text: "`handlers` beside the configuration file, without one beside the executable",
      example: "handlers",
    },
    about: "Folder of your own handlers, a file each.",
  }),
  hooks: define({
    property: "hooks",
    kind: kind.file,
    env: "FISCAUT_TASKS_HOOKS",
    flag: true,
    default: none("none", "hooks.ts"),
    about: "TypeScript or JavaScript file whose functions are called at the moments of a task's life.",
  }),
};
