/** Whether the configured source of accounting records can be read. */
import { findMissingTables } from "../../../sources/missing-tables.ts";
import { chooseSource } from "../../input/choose-source.ts";
import type { Prepared } from "../../prepare.ts";
import { type Check, fail, pass, skip, warn } from "../check.ts";

export const sourceCheck: Check<Prepared> = {
  name: "source",
  async look(prepared) {
    if (prepared.config.fiscautSource === undefined)
      return skip("FISCAUT_SOURCE is not set; tasks and commands may name a source of their own");
    const source = chooseSource(undefined, prepared);
    await using reader = await source.open();
    const report = await reader.test();
    const missing = findMissingTables(report);
    if (missing.kind === "needed") return fail(missing.words, missing.hint);
    const { driver, dbms, tables } = report;
    const counts = tables.map(({ name, rows }) => `${name} ${rows ?? "not there"}`).join(", ");
    const text = `${source.address} by ${driver} (${dbms}): ${counts}`;
    return missing.kind === "some" ? warn(`${text}; ${missing.words}`) : pass(text);
  },
};
