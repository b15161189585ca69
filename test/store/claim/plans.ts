/** How Postgres carries out a statement that a connection has prepared. */
import type { Sql } from "../../../src/store/sql.ts";

export interface Plan {
  "Node Type": string;
  "Index Name"?: string;
  "Index Cond"?: string;
  "Relation Name"?: string;
  Plans?: Plan[];
}

/** @param sql a pool of one connection. @param like the statement, as LIKE has it. */
export async function explainPrepared(sql: Sql, like: string): Promise<Plan> {
  const [prepared] = await sql<{ statement: string }[]>`
    select statement from pg_prepared_statements
    where statement like ${like} and statement not like '%pg_prepared_statements%'`;
  const [explained] = await sql
    .unsafe<{ "QUERY PLAN": [{ Plan: Plan }] }[]>(
      `explain (generic_plan, format json) ${prepared?.statement}`,
    )
    .simple();
  return explained?.["QUERY PLAN"][0].Plan ?? { "Node Type": "none" };
}

/** The nodes from the plan's top down to each scan of `task` that is no look-up by place, as paths. */
export function pathsToScans(plan: Plan, above: Plan[] = []): Plan[][] {
  const path = [...above, plan];
  const scans = plan["Relation Name"] === "task" && /Scan$/.test(plan["Node Type"]);
  const here = scans && plan["Node Type"] !== "Tid Scan" ? [path] : [];
  return [...here, ...(plan.Plans ?? []).flatMap((below) => pathsToScans(below, path))];
}
