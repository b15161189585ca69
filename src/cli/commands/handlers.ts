/** `handlers`: looks after operators' own handlers. */
import { defineCommand } from "citty";
import { typesCommand } from "./handlers-types.ts";

export const handlersCommand = defineCommand({
  meta: { name: "handlers", description: "Look after handlers of your own" },
  subCommands: { types: typesCommand },
});
