/** What stands in definitions reaches the worker as it is: random ones, read back by the parsers of systemd and of Supervisor. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { parseEnvFile } from "../../src/config/env-file.ts";
import type { ServiceDefinition } from "../../src/service/definition.ts";
import { confText } from "../../src/service/supervisor/conf.ts";
import { unitText } from "../../src/service/systemd/unit.ts";
import { until } from "../../test/until.ts";
import { ServiceBed } from "./service-bed.ts";

const count = 25;
const folder = "/var/lib/values";
/** Tells what it was started with, and ends. */
const probe = `#!/bin/sh
{ printf '%s\\0' "$0" "$@" END; cat /proc/$$/environ; } > "${folder}/$1.new" && mv "${folder}/$1.new" "${folder}/$1"
`;

let bed: ServiceBed;
beforeAll(async () => {
  bed = await ServiceBed.open();
  mkdirSync(bed.path(folder));
}, 120_000);
afterAll(() => bed?.[Symbol.asyncDispose]());

const special = [
  ..." \"'%$\\#;:=,{}()*~&|<>?!éã日-",
  "%h",
  "$HOME",
  "$" + "{HOME}",
  "%(here)s",
  "\\n",
  "\\x41",
  " #",
  " ;",
];
const piece = fc.oneof(fc.constantFrom(...special), fc.constantFrom("a", "Z", "7"));
const text = fc.array(piece, { maxLength: 10 }).map((pieces) => pieces.join(""));
/** A name in a folder, with nothing at its ends that a line of a file could not hold. */
const fileName = text.map((name) => `x${name}x`);
const line = fc.oneof(
  fc
    .tuple(fc.constantFrom("A", "B_2", " C ", "D"), text, fc.constantFrom("", " ", "\t"))
    .map(([name, value, end]) => `${name}=${value}${end}`),
  text,
);
const drawn = fc.sample(
  fc.record({
    executable: fileName,
    words: fc.array(text, { maxLength: 5 }),
    secret: fileName,
    envFile: fileName,
    envText: fc.array(line, { maxLength: 4 }).map((lines) => lines.join("\n")),
  }),
  { numRuns: count, seed: 6 },
);

const definitions = (prefix: string): (ServiceDefinition & { envText: string })[] =>
  drawn.map(({ executable, words, secret, envFile, envText }, index) => ({
    platform: "linux",
    name: `${prefix}${index}`,
    title: `Values ${executable}`,
    description: "",
    executable: `/opt/values/${executable}`,
    words: [`${prefix}${index}`, ...words],
    user: undefined,
    envFile: `/etc/values/${index}/${envFile}`,
    envText,
    configFile: undefined,
    secretFiles: [{ variable: "FISCAUT_API_KEY_FILE", path: `/etc/secrets/${index}/${secret}` }],
    dataFolder: folder,
    logFolder: "/var/log",
    logFile: undefined,
    workingFolder: "/",
    drainTimeoutMs: 1_000,
  }));

function writeFiles({
  executable,
  envFile,
  envText,
  secretFiles,
}: ReturnType<typeof definitions>[number]): void {
  bed.write(executable, probe, 0o755);
  bed.write(envFile ?? "", envText);
  for (const { path } of secretFiles) bed.write(path, path);
}

/** What the probe was started with. */
async function readBack(name: string): Promise<{ words: string[]; env: Record<string, string> }> {
  await until(() => existsSync(bed.path(`${folder}/${name}`)), 60_000);
  const [words = "", env = ""] = readFileSync(bed.path(`${folder}/${name}`), "utf8").split("\0END\0");
  const assignments = env.split("\0").filter((assignment) => assignment.includes("="));
  return {
    words: words.split("\0"),
    env: Object.fromEntries(
      assignments.map((assignment) => [
        assignment.slice(0, assignment.indexOf("=")),
        assignment.slice(assignment.indexOf("=") + 1),
      ]),
    ),
  };
}

test("by systemd, the file of variables too, which it reads as the worker does", async () => {
  const withoutQuotes = (path: string) => path.replaceAll(/["'\\]/g, "");
  const services = definitions("sd").map((service) => ({
    ...service,
    // What it can't be told, the unit refuses.
    executable: withoutQuotes(service.executable),
    secretFiles: service.secretFiles.map(({ variable, path }) => ({
      variable,
      path: withoutQuotes(path).replaceAll(" ", ""),
    })),
  }));
  for (const service of services) {
    writeFiles(service);
    // The end of one that was never ready is not what is looked at.
    bed.write(
      `/etc/systemd/system/${service.name}.service`,
      unitText(service).replace("Restart=on-failure", "Restart=no"),
    );
  }
  await bed.mustRun(["systemctl", "daemon-reload"]);
  await bed.mustRun(["systemctl", "start", "--no-block", ...services.map(({ name }) => name)]);
  for (const { name, executable, words, envText } of services) {
    const got = await readBack(name);
    expect(got.words).toEqual([executable, ...words]);
    expect(got.env["FISCAUT_API_KEY_FILE"]).toBe(`/run/credentials/${name}.service/FISCAUT_API_KEY_FILE`);
    const ofFile = ["A", "B_2", "C", "D"].flatMap((variable) =>
      got.env[variable] === undefined ? [] : [[variable, got.env[variable]]],
    );
    expect({ envText, variables: Object.fromEntries(ofFile) }).toEqual({
      envText,
      variables: parseEnvFile(envText).variables,
    });
  }
}, 180_000);

test("by Supervisor", async () => {
  const services = definitions("sv");
  for (const service of services) {
    writeFiles(service);
    bed.write(`/etc/supervisor/conf.d/${service.name}.conf`, confText(service));
  }
  await bed.mustRun(["supervisorctl", "update"]);
  for (const { name, executable, words, envFile, secretFiles } of services) {
    const got = await readBack(name);
    expect(got.words).toEqual([executable, ...words, "--env-file", envFile ?? ""]);
    expect(got.env["FISCAUT_API_KEY_FILE"]).toBe(secretFiles[0]?.path);
    expect(got.env["HOME"]).toBe(folder);
  }
}, 180_000);
