/**
 * A support bundle: one text file that an operator can read before it is sent, and a supporter after. Each section is
 * made by itself, so that what is broken is told in the place of one. The sections are `sections.ts`.
 */
import { join } from "node:path";
import { errorOf } from "../../config/faults.ts";
import { type ConfigSources, examineConfig } from "../../config/load.ts";
import type { Config } from "../../config/settings/settings.ts";
import { secretsOf } from "../../config/show.ts";
import { createRedactor } from "../../log/redactor.ts";
import type { Store } from "../../store/connection.ts";
import { messageOf } from "../../task/thrown.ts";
import { openForDoctor } from "../doctor/database/opened.ts";
import { describeResults } from "../doctor/describe-results.ts";
import { examine } from "../doctor/doctor.ts";
import type { Prepared } from "../prepare.ts";
import { within } from "../within.ts";
import { configuration, lastErrors, newestLines, queues, versions, workers } from "./sections.ts";

const head = `fiscaut-tasks support bundle
Read it before you send it: errors and log lines may name companies and people.
Secrets of the configuration are blanked out; payloads of tasks are not in it.`;

/** Of one section, and of opening the database. */
const limitMs = 10_000;

interface Section {
  title: string;
  text: string;
}

/** Never rejects; holds no secret of the configuration. Starts no database. */
export async function makeBundle(sources: ConfigSources, prepare: () => Prepared): Promise<string> {
  const { loaded, faults } = examineConfig(sources);
  const doctor = section(
    "Doctor",
    async () => [...describeResults(await examine(sources, prepare))].join("\n"),
    60_000,
  );
  if (loaded === undefined)
    return render([
      await section("Versions", versions),
      { title: "Configuration", text: errorOf(faults).message },
      await doctor,
    ]);
  const { config } = loaded;
  const prepared = prepare();
  const opening = await openForDoctor(config, limitMs);
  const text = render([
    await section("Versions", versions),
    await section("Configuration", () => configuration(prepared)),
    await doctor,
    ...(opening.kind === "open" ? await ofDatabase(opening.database.store) : []),
    ...(await ofLogs(config)),
  ]);
  if (opening.kind === "open") void opening.database.store.close();
  // Of the whole text at once: whatever section a secret has slipped into.
  const password = URL.parse(opening.url ?? "")?.password ?? "";
  return createRedactor([...secretsOf(config), password])(text);
}

const ofDatabase = (store: Store): Promise<Section[]> =>
  Promise.all([
    section("Queues", () => queues(store)),
    section("Workers", () => workers(store)),
    section("Last errors", () => lastErrors(store)),
  ]);

/** As far as there are any in files. */
const ofLogs = ({ logFile, databaseUrl, dataDir }: Config): Promise<Section[]> =>
  Promise.all([
    ...(logFile === undefined ? [] : [section("Worker's log", () => newestLines(logFile))]),
    ...(databaseUrl === undefined
      ? [section("postgres.log", () => newestLines(join(dataDir, "postgres.log")))]
      : []),
  ]);

async function section(
  title: string,
  make: () => string | Promise<string>,
  withinMs = limitMs,
): Promise<Section> {
  try {
    return { title, text: await within(withinMs, make, () => `not there within ${withinMs / 1000} s`) };
  } catch (error) {
    return { title, text: `could not be made: ${messageOf(error)}` };
  }
}

const render = (sections: readonly Section[]) =>
  `${[head, ...sections.map(({ title, text }) => `== ${title}\n\n${text || "nothing"}`)].join("\n\n")}\n`;
