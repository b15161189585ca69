/** Whether somebody holds back vacuum: claims walk over the dead rows that it may not remove. */
import { type Holder, readHorizonHolders, seesOthers } from "../../../store/inspect/read-horizon.ts";
import { formatDuration } from "../../../task/time/duration.ts";
import { type Finding, pass, warn } from "../check.ts";
import { databaseCheck } from "./opened.ts";

/** A claim beside more dead rows than gather in this time is felt. */
const borderMs = 300_000;

export const vacuumCheck = databaseCheck("vacuum", async ({ store }) => {
  const [holders, seesAll] = await Promise.all([readHorizonHolders(store), seesOthers(store)]);
  return judgeHolders(holders, seesAll);
});

/** @param seesAll whether other users' transactions were shown. */
export function judgeHolders(holders: readonly Holder[], seesAll: boolean): Finding {
  const bad = holders.find(({ heldMs }) => heldMs === null || heldMs > borderMs);
  if (bad !== undefined) return warn(`the ${describe(bad)} holds back vacuum`, cureOf(bad));
  if (seesAll) return pass("nothing old holds it back");
  return pass(
    "nothing that this user is shown holds it back; grant pg_read_all_stats to it to see other users' transactions",
  );
}

const describe = ({ kind, name, whose, heldMs }: Holder) =>
  `${kind} ${name} (${whose}${heldMs === null ? "" : `, ${formatDuration(Math.floor(heldMs / 1000) * 1000)} old`})`;

function cureOf({ kind, name }: Holder): string {
  if (kind === "transaction") return `end it: select pg_terminate_backend(${name})`;
  if (kind === "prepared transaction") return `commit prepared or rollback prepared '${name}'`;
  return `let its standby or subscriber catch up, or: select pg_drop_replication_slot('${name}')`;
}
