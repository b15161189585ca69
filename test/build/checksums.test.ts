/** SHA256SUMS and the pins of bun.lock: what vouches for the files that come in and go out. */
import { expect, test } from "bun:test";
import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeChecksums } from "../../scripts/build/checksums.ts";
import { readPin, requireIntegrity } from "../../scripts/build/npm-package.ts";
import { TARGETS } from "../../scripts/build/targets.ts";

test("SHA256SUMS lists the executables that are there, as sha256sum checks them", async () => {
  const folder = await mkdtemp(join(tmpdir(), "fiscaut-tasks-sums-"));
  const check = () =>
    Bun.spawnSync(["sha256sum", "--check", "SHA256SUMS"], { cwd: folder, stderr: "ignore" });
  await writeFile(join(folder, "fiscaut-tasks-linux-x64"), "one");
  await writeFile(join(folder, "fiscaut-tasks-windows-x64.exe"), "two");
  await writeFile(join(folder, "notes.txt"), "no executable");
  expect(await writeChecksums(folder)).toBe(2);
  expect(check().stdout.toString()).toBe("fiscaut-tasks-linux-x64: OK\nfiscaut-tasks-windows-x64.exe: OK\n");
  await appendFile(join(folder, "fiscaut-tasks-linux-x64"), "!");
  expect(check().exitCode).toBe(1);
  await rm(folder, { recursive: true });
});

test("bun.lock pins every package that an executable is made of", async () => {
  for (const { bunPackage, postgresPackage } of TARGETS) {
    for (const name of [bunPackage, postgresPackage]) {
      const { version, integrity } = await readPin(name);
      expect(version).toMatch(/^\d+\.\d+\.\d+/);
      expect(integrity).toStartWith("sha512-");
    }
  }
});

test("a package that differs by a byte from what bun.lock pins is refused", () => {
  const bytes = new TextEncoder().encode("package");
  const integrity = `sha512-${new Bun.CryptoHasher("sha512").update(bytes).digest("base64")}`;
  requireIntegrity("name@1.0.0", bytes, integrity);
  expect(() => requireIntegrity("name@1.0.0", bytes.with(0, 0), integrity)).toThrow("another name@1.0.0");
});
