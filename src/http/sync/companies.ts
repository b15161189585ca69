/** The routes of companies: list, enable, disable. Which can be enabled is `task/doors/company.ts`'s affair. */
import type { Context } from "hono";
import { z } from "zod";
import type { Store } from "../../store/connection.ts";
import { disableCompanies, enableCompanies } from "../../store/sync/companies.ts";
import { listCompanyLines } from "../../store/sync/company-lines.ts";
import { type CompanyLine, chooseCompanies, type SourceCompany } from "../../task/doors/company.ts";
import { companyCodeSchema } from "../../task/doors/record-listing.ts";
import { OperatorError } from "../../task/errors.ts";
import { once } from "../../task/once.ts";
import { Problem } from "../problem.ts";
import { readQuery, refuseQuery } from "../request.ts";
import type { Route } from "../route.ts";

export interface CompanyRoutesOptions {
  store: Store;
  /** Reads the companies of this worker's source; absent where it has none. @throws OperatorError */
  readCompanies?: (() => Promise<SourceCompany[]>) | undefined;
}

const listQuery = once(() =>
  z.strictObject({
    enabled: z.literal("true").optional(),
    source: z.literal("true").optional(),
  }),
);

export function companyRoutes({ store, readCompanies }: CompanyRoutesOptions): Route[] {
  return [
    {
      method: "GET",
      path: "/companies",
      about:
        "companies, whether they are enabled, and how many of their records have which status; enabled=true only those, source=true reads the source's too",
      async handle(c) {
        const { enabled, source } = readQuery(c, listQuery);
        if (source !== undefined && readCompanies === undefined)
          throw new Problem(409, "this worker has no source", { hint: "set FISCAUT_SOURCE where it runs" });
        const ofSource = source === undefined ? undefined : await readSource(readCompanies);
        const lines = await listCompanyLines(store, ofSource);
        const shown = lines.filter((line) => line.enabled || enabled === undefined);
        return c.json({ companies: shown.map(companyLineJson) });
      },
    },
    {
      method: "POST",
      path: "/companies/:code/enable",
      about: "have a company synced from now on; where the worker has a source, it must be there",
      async handle(c) {
        const code = readCode(c);
        const { chosen, refused } = chooseCompanies([code], await readSource(readCompanies));
        for (const { reason, words } of refused)
          throw new Problem(reason === "not_in_source" ? 404 : 409, words);
        const changed = await enableCompanies(store, chosen);
        return c.json({ company: code, enabled: true, changed: changed.length > 0 });
      },
    },
    {
      method: "POST",
      path: "/companies/:code/disable",
      about: "have a company synced no more; of its records nothing more is sent",
      async handle(c) {
        const code = readCode(c);
        const changed = await disableCompanies(store, [code]);
        return c.json({ company: code, enabled: false, changed: changed.length > 0 });
      },
    },
  ];
}

/** A contract with other programs: every member is named here. */
export function companyLineJson({ code, document, name, enabled, inSource, fault, records }: CompanyLine) {
  return { company: code, document, name, enabled, inSource, fault, records };
}

function readCode(c: Context): number {
  refuseQuery(c);
  const code = companyCodeSchema().safeParse(c.req.param("code"));
  if (!code.success) throw new Problem(400, `company: ${code.error.issues[0]?.message}`);
  return code.data;
}

/** What is wrong with the source is told in its own words: 503 elsewhere means the tasks' database. */
async function readSource(read: CompanyRoutesOptions["readCompanies"]): Promise<SourceCompany[] | undefined> {
  try {
    return await read?.();
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    throw new Problem(503, error.message, { hint: error.hint });
  }
}
