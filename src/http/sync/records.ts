/** The routes that tell what has become of the records: totals, lists, and all of one. What is read is `store/sync/records.ts`'s. */
import { z } from "zod";
import type { Store } from "../../store/connection.ts";
import { countRecords, findRecord, listRecords } from "../../store/sync/records.ts";
import {
  codeNeedsCompany,
  companyCodeSchema,
  formatCursor,
  recordKindSchema,
  recordListingSchema,
} from "../../task/doors/record-listing.ts";
import { once } from "../../task/once.ts";
import { Problem } from "../problem.ts";
import { readQuery, refuseQuery } from "../request.ts";
import type { Route } from "../route.ts";
import { recordJson, totalsJson, wholeRecordJson } from "./record-json.ts";

const totalsQuery = once(() => z.strictObject({ company: companyCodeSchema().optional() }));
const keySchema = once(() =>
  z.strictObject({
    company: companyCodeSchema(),
    kind: recordKindSchema(),
    code: z.string().min(1),
  }),
);

export function syncRoutes({ store }: { store: Store }): Route[] {
  return [
    {
      method: "GET",
      path: "/sync",
      about: "how many records have which status, by company and kind; company=N only that one's",
      async handle(c) {
        return c.json(totalsJson(await countRecords(store, readQuery(c, totalsQuery))));
      },
    },
    {
      method: "GET",
      path: "/sync/records",
      about:
        "records, what happened last first; filters company, kind, status (also missing: in the source no more), code; pages by limit and after",
      async handle(c) {
        const query = readQuery(c, recordListingSchema);
        const { limit, ...filter } = query;
        if (filter.code !== undefined && filter.company === undefined) throw codeNeedsCompany;
        // One more than asked for tells whether there is a next page.
        const records = await listRecords(store, filter, limit + 1);
        const page = records.slice(0, limit);
        const last = records.length > limit ? page.at(-1) : undefined;
        const next = last === undefined ? null : nextPage({ ...query, after: formatCursor(last.cursor) });
        return c.json({ records: page.map(recordJson), next });
      },
    },
    {
      method: "GET",
      path: "/sync/records/:company/:kind/:code",
      about: "all of one record, with its content and the API's last answer",
      async handle(c) {
        refuseQuery(c);
        const { company, kind, code } = c.req.param() as Record<string, string>;
        const key = keySchema().safeParse({ company, kind, code });
        // A kind or company that can't be is one that is not there.
        const record = key.success ? await findRecord(store, key.data) : undefined;
        if (record === undefined)
          throw new Problem(404, `company ${company} has no record ${code} among its ${kind}`, {
            hint: "GET /sync/records lists them",
          });
        return c.json(wholeRecordJson(record));
      },
    },
  ];
}

/** The same question from the last record shown on. */
function nextPage(query: Record<string, string | number | undefined>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) parameters.set(name, String(value));
  return `/sync/records?${parameters}`;
}
