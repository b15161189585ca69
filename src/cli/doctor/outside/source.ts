/** Whether the configured source of accounting records can be read. */

import { chooseSource } from "../../input/choose-source.ts";
import type { Prepared } from "../../prepare.ts";
import { type Check, fail, pass, skip } from "../check.ts";

export const sourceCheck: Check<Prepared> = {
  name: "source",
  async look(prepared) {
    if (prepared.config.fiscautSource === undefined)
      return skip("FISCAUT_SOURCE is not set; tasks and commands may name a source of their own");
    const source = chooseSource(undefined, prepared);
    await using reader = await source.open();
    const { driver, dbms, tables } = await reader.test();
    const missing = tables.filter(({ rows }) => rows === null).map(({ name }) => name);
    if (missing.length === tables.length)
      return fail(
        `${source.address} lacks ${missing.join(" and ")}`,
        "name the database or folder that holds Domínio's tables, with a user that may see them",
      );
    const counts = tables.map(({ name, rows }) => `${name} ${rows ?? "not there"}`).join(", ");
    return pass(`${source.address} by ${driver} (${dbms}): ${counts}`);
  },
};
