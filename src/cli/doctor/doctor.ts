/** All checks of an installation, in the order in which they are told. What each looks at is its own file's affair. */
import { type ConfigSources, examineConfig, type LoadedConfig } from "../../config/load.ts";
import { secretsOf } from "../../config/show.ts";
import { createRedactor, type Redact } from "../../log/redactor.ts";
import type { Prepared } from "../prepare.ts";
import { within } from "../within.ts";
import {
  type Check,
  type Finding,
  type ReadyCheck,
  type Result,
  runChecks,
  skip,
  withGiven,
} from "./check.ts";
import { configurationCheck } from "./configuration.ts";
import { autovacuumCheck } from "./database/autovacuum.ts";
import { clockCheck } from "./database/clock.ts";
import { connectionsCheck } from "./database/connections.ts";
import { listenCheck } from "./database/listen.ts";
import { type OpenedDatabase, openForDoctor } from "./database/opened.ts";
import { privilegesCheck } from "./database/privileges.ts";
import { schemaCheck } from "./database/schema.ts";
import { serverCheck } from "./database/server.ts";
import { vacuumCheck } from "./database/vacuum.ts";
import { dataDirCheck } from "./machine/data-dir.ts";
import { filesCheck } from "./machine/files.ts";
import { portCheck } from "./machine/port.ts";
import { serviceCheck } from "./machine/service.ts";
import { databaseTimeZoneCheck, timeZoneCheck } from "./machine/time-zone.ts";
import { fiscautCheck } from "./outside/fiscaut.ts";
import { sourceCheck } from "./outside/source.ts";

/** Of one check. The source may have to wait for a driver. */
const limitMs = 20_000;
/** Of the first answer of the database. */
const databaseLimitMs = 8_000;
const closeLimitMs = 1_000;

/** They follow the one of the server itself. */
const databaseChecks: Check<OpenedDatabase>[] = [
  schemaCheck,
  privilegesCheck,
  clockCheck,
  connectionsCheck,
  vacuumCheck,
  autovacuumCheck,
  listenCheck,
  databaseTimeZoneCheck,
];

/** Looks at everything, within half a minute, and changes nothing. Never rejects; no text of it holds a secret. */
export async function examine(sources: ConfigSources, prepare: () => Prepared): Promise<Result[]> {
  const examined = examineConfig(sources);
  const configuration = withGiven(examined, [configurationCheck]);
  const { loaded } = examined;
  if (loaded === undefined) return await runChecks([...configuration, ...withoutConfig()], limitMs);

  const prepared = prepare();
  const opening = await openForDoctor(prepared.config, databaseLimitMs);
  try {
    const ofDatabase =
      opening.kind === "open"
        ? withGiven(opening.database, [serverCheck, ...databaseChecks])
        : [told(serverCheck.name, opening.finding), ...skipped(databaseChecks, "the database is not open")];
    const results = await runChecks(
      [
        ...configuration,
        ...ofDatabase,
        ...withConfig(prepared, loaded),
        ...withGiven(undefined, [filesCheck]),
      ],
      limitMs,
    );
    return results.map((result) => cleaned(result, redactorOf(loaded, opening.url)));
  } finally {
    if (opening.kind === "open")
      await within(
        closeLimitMs,
        () => opening.database.store.close(),
        () => {},
      );
  }
}

const withConfig = (prepared: Prepared, { schedules }: LoadedConfig): ReadyCheck[] => [
  ...withGiven(prepared.config, [fiscautCheck]),
  ...withGiven(prepared, [sourceCheck]),
  ...withGiven(prepared.config, [dataDirCheck, portCheck, serviceCheck]),
  ...withGiven(schedules, [timeZoneCheck]),
];

/** What can be looked at whatever the configuration says. */
function withoutConfig(): ReadyCheck[] {
  const others = [
    serverCheck,
    ...databaseChecks,
    fiscautCheck,
    sourceCheck,
    dataDirCheck,
    portCheck,
    serviceCheck,
  ];
  return [
    ...skipped(others, "the configuration is wrong"),
    ...withGiven([], [timeZoneCheck]),
    ...withGiven(undefined, [filesCheck]),
  ];
}

const told = (name: string, finding: Finding): ReadyCheck => ({ name, look: () => finding });

const skipped = (checks: readonly { name: string }[], why: string): ReadyCheck[] =>
  checks.map(({ name }) => told(name, skip(why)));

/** The embedded database's password stands in no setting. */
function redactorOf({ config }: LoadedConfig, url: string | undefined): Redact {
  const password = url === undefined ? "" : (URL.parse(url)?.password ?? "");
  return createRedactor([...secretsOf(config), password]);
}

function cleaned({ name, status, text, cure }: Result, redact: Redact): Result {
  return { name, status, text: redact(text), ...(cure !== undefined && { cure: redact(cure) }) };
}
