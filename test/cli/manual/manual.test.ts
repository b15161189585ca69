import { expect, test } from "bun:test";
import { renderManual } from "../../../src/cli/manual/manual.ts";
import { root } from "../../../src/cli/root.ts";
import { allCommands, shapeOf } from "../../../src/cli/tree/shape.ts";
import { settingKeys, settingOf } from "../../../src/config/settings/settings.ts";

const shape = shapeOf(root);
const facts = { version: "1.2.3", commit: "abc", builtAt: "2026-11-28T02:00:00Z", target: "linux-x64" };
const manual = renderManual(shape, facts);

test("the manual has every command, flag, example and setting", () => {
  // As a reader sees it: without macros' escapes and line breaks within sentences.
  const plain = manual
    .replaceAll(/\\f[BIP]|\\&/g, "")
    .replaceAll("\\-", "-")
    .replaceAll("\\(ti", "~")
    .replaceAll("\\(dq", '"')
    .replaceAll("\\e", "\\")
    .replaceAll(/\s+/g, " ");
  for (const { words, flags, examples } of [...allCommands(shape)].filter(
    ({ subCommands }) => subCommands.length === 0,
  )) {
    expect(plain).toContain(`fiscaut-tasks ${words.join(" ")}`);
    for (const { name } of flags) expect(plain).toContain(`--${name}`);
    for (const example of examples) expect(plain).toContain(example);
  }
  for (const key of settingKeys) expect(plain).toContain(`${key} (${settingOf(key).env}`);
});

test("no line of text is taken for a request, and no request is an unknown one", () => {
  const requests = manual.split("\n").flatMap((line) => /^[.'](\S+)/.exec(line)?.[1] ?? []);
  expect(new Set(requests)).toEqual(new Set(["TH", "SH", "SS", "TP", "PP", "nf", "fi", "RS", "RE"]));
});

test.if(Bun.which("mandoc") !== null)("mandoc's lint finds nothing", async () => {
  const lint = Bun.spawn(["mandoc", "-T", "lint"], {
    stdin: Buffer.from(manual),
    stdout: "pipe",
    stderr: "pipe",
  });
  expect(await lint.stdout.text()).toBe("");
  expect(await lint.exited).toBe(0);
});

test.if(Bun.which("groff") !== null)("groff sets it without a warning", async () => {
  const groff = Bun.spawn(["groff", "-man", "-Tutf8", "-ww"], {
    stdin: Buffer.from(manual),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [page, warnings] = await Promise.all([groff.stdout.text(), groff.stderr.text()]);
  expect(warnings).toBe("");
  // Bold is a letter struck twice.
  expect(page.replaceAll(/.[\b]/g, "")).toContain("SETTINGS");
});
