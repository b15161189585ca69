/**
 * How a Debian mirror is found for the roots of some tests. Laying one is left to `bun run test:clients` and `test:windows`.
 */
import { afterEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findDebianMirror, parseDeb822Sources, parseOneLineSources } from "../../scripts/debian/mirror.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function aptFolder(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "apt-sources-"));
  folders.push(folder);
  mkdirSync(join(folder, "sources.list.d"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

test("a one-line source gives its mirror, its suite and its components", () => {
  const text =
    "# deb http://old.example/debian bookworm main\n" +
    "deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib # ours\n" +
    "deb-src http://src.example/debian bookworm main\n";
  expect(parseOneLineSources(text)).toEqual([
    { uris: ["http://mirror.example/debian"], suites: ["bookworm"], components: ["main", "contrib"] },
  ]);
});

test("a deb822 source may continue its fields on further lines and hold comments", () => {
  const text =
    "Types: deb deb-src\n# a snapshot\nURIs: http://one.example/debian\n http://two.example/debian\n" +
    "Suites: bookworm\nComponents: main\n\nTypes: deb\nEnabled: no\nURIs: http://off.example\nSuites: bookworm\nComponents: main\n";
  expect(parseDeb822Sources(text)).toEqual([
    {
      uris: ["http://one.example/debian", "http://two.example/debian"],
      suites: ["bookworm"],
      components: ["main"],
    },
  ]);
});

test("the mirror of the release itself is taken, not that of its security updates", () => {
  const folder = aptFolder({
    "sources.list.d/a.sources":
      "Types: deb\nURIs: http://security.example\nSuites: bookworm-security\nComponents: main\n",
    "sources.list.d/b.list": "deb http://mirror.example/debian bookworm main\n",
    "sources.list.d/c.list.disabled": "deb http://disabled.example/debian bookworm main\n",
  });
  expect(findDebianMirror("bookworm", folder)).toBe("http://mirror.example/debian");
});

test("a machine without a Debian source is told so", () => {
  const folder = aptFolder({ "sources.list": "deb http://mirror.example/ubuntu noble main\n" });
  expect(() => findDebianMirror("bookworm", folder)).toThrow("no apt source under");
});
