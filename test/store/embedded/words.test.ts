/** What is read from Postgres's and the system's own files and output, and what it becomes for the operator. */
import { describe, expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parsePasswd } from "../../../src/store/embedded/account.ts";
import { claimDataDir } from "../../../src/store/embedded/data-dir.ts";
import { explainFileFault, explainProgramFailure } from "../../../src/store/embedded/faults.ts";
import { readPidFile } from "../../../src/store/embedded/pid-file.ts";
import { ensureUnpacked } from "../../../src/store/embedded/unpack.ts";
import { OperatorError } from "../../../src/task/errors.ts";
import { makeWorkplace } from "./fixture.ts";

const workplace = makeWorkplace();

describe("a failed program is explained", () => {
  test.each([
    ["initdb", 1, "could not write: No space left on device", "unavailable", "no space is left"],
    [
      "initdb",
      1,
      "initdb: error: could not look up effective user ID 1234: user does not exist",
      "config",
      "as uid 1234",
    ],
    [
      "initdb",
      127,
      "error while loading shared libraries: libstdc++.so.6: cannot open",
      "unavailable",
      "lacks libstdc++.so.6",
    ],
    ["initdb", 53, "", "unavailable", "lacks a library of Windows"],
    [
      "postgres",
      1,
      'LOG:  starting\nFATAL:  invalid value for "x"',
      "unavailable",
      'FATAL:  invalid value for "x"',
    ],
  ])("%s, exit code %d, case %#", (program, exitCode, output, kind, message) => {
    const fault = explainProgramFailure(program, exitCode, output);
    expect(fault.kind).toBe(kind as OperatorError["kind"]);
    expect(fault.message).toContain(message);
  });

  test("by its last lines when none complains, and never by all of them", () => {
    const output = Array.from({ length: 50 }, (_, line) => `line ${line}`).join("\n");
    const lines = explainProgramFailure("postgres", 1, output).message.split("\n");
    expect(lines).toHaveLength(9);
    expect(lines.at(-1)).toBe("  line 49");
  });
});

describe("a failed system call is explained", () => {
  test.each([
    ["ENOSPC", "unavailable"],
    ["EDQUOT", "unavailable"],
    ["EFBIG", "unavailable"],
    ["EROFS", "config"],
    ["EACCES", "config"],
    ["ENOTDIR", "config"],
    ["ENOENT", "config"],
  ])("%s", (code, kind) => {
    const fault = explainFileFault(Object.assign(new Error("secret"), { code }), "/data");
    expect(fault).toBeInstanceOf(OperatorError);
    const { kind: told, message, hint } = fault as OperatorError;
    expect(told).toBe(kind as OperatorError["kind"]);
    expect(message).toContain("/data");
    expect(hint).toContain("--data-dir");
  });

  test("and any other is left as it is", () => {
    const fault = new TypeError("ours");
    expect(explainFileFault(fault, "/data")).toBe(fault);
  });
});

describe("postmaster.pid", () => {
  test("is read line by line, and half of it means that the server is starting", async () => {
    const folder = await workplace.newDirectory();
    expect(await readPidFile(folder)).toBeUndefined();
    await writeFile(
      join(folder, "postmaster.pid"),
      "42\n/data\n1700000000\n5433\n\n127.0.0.1\n  1 2\nready   \n",
    );
    expect(await readPidFile(folder)).toEqual({ pid: 42, port: 5433, status: "ready" });
    await writeFile(join(folder, "postmaster.pid"), "42\n/data\n");
    expect(await readPidFile(folder)).toMatchObject({ pid: 42, status: "starting" });
  });
});

test("/etc/passwd gives its users but root, and skips what is no entry", () => {
  const text = "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65533::/:/bin/false\n\n# comment\n+::::::\n";
  expect(parsePasswd(text)).toEqual([{ name: "nobody", uid: 65534, gid: 65533 }]);
});

test("an archive whose checksum is wrong is not unpacked, and the operator is told to copy the executable again", async () => {
  const path = join(await workplace.newDirectory(), "data");
  await mkdir(path);
  const archive = {
    manifest: {
      version: "18.4",
      major: "18",
      sha256: "0".repeat(64),
      files: [{ path: "bin/postgres", bytes: 1, sha256: "" }],
    },
    readBytes: async () => new Uint8Array(1),
  };
  const unpacking = ensureUnpacked(await claimDataDir(path, () => {}), archive, () => {});
  expect(unpacking).rejects.toThrow("the Postgres inside this executable is damaged");
  await unpacking.catch(() => {});
});
