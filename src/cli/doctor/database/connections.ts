/** Whether another worker would still get its connections. */
import { readConnections } from "../../../store/inspect/read-connections.ts";
import { connectionsOfWorker } from "../../worker/connections.ts";
import { fail, pass, warn } from "../check.ts";
import { databaseCheck } from "./opened.ts";

const settingOf = {
  server: "max_connections",
  database: "the database's CONNECTION LIMIT",
  user: "the user's CONNECTION LIMIT",
} as const;

export const connectionsCheck = databaseCheck("connections", async ({ store }) => {
  const { limit, whose, used, ours } = await readConnections(store);
  const free = limit - used;
  const text = `${used} of the ${limit} that the ${whose} gives are in use, ${ours} of them by fiscaut-tasks; a worker takes up to ${connectionsOfWorker}`;
  const cure = `raise ${settingOf[whose]}, or end what holds them (pg_stat_activity)`;
  if (limit < connectionsOfWorker) return fail(text, cure);
  return free < connectionsOfWorker ? warn(text, cure) : pass(text);
});
