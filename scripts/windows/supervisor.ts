/**
 * Starts a program in a console of its own, and when the file STOP comes, sends it Ctrl+C, both as NSSM does:
 * `STOP COMMAND-LINE`. Ends with the program's exit code. Like `console-event.ts` it is run by the tested executable.
 */
import { dlopen } from "bun:ffi";
import { existsSync, rmSync } from "node:fs";

const [stopFile = "", line = ""] = process.argv.slice(2);

const kernel32 = dlopen("kernel32.dll", {
  SetEnvironmentVariableW: { args: ["buffer", "u64"], returns: "i32" },
  CreateProcessW: {
    args: ["u64", "buffer", "u64", "u64", "i32", "u32", "u64", "u64", "buffer", "buffer"],
    returns: "i32",
  },
  FreeConsole: { args: [], returns: "i32" },
  AttachConsole: { args: ["u32"], returns: "i32" },
  SetConsoleCtrlHandler: { args: ["u64", "i32"], returns: "i32" },
  GenerateConsoleCtrlEvent: { args: ["u32", "u32"], returns: "i32" },
  WaitForSingleObject: { args: ["u64", "u32"], returns: "u32" },
  GetExitCodeProcess: { args: ["u64", "buffer"], returns: "i32" },
}).symbols;

const CREATE_NEW_CONSOLE = 0x10;
const CTRL_C_EVENT = 0;
const FOR_EVER = 0xffffffff;

const wide = (text: string) => Buffer.from(`${text}\0`, "utf16le");
const must = (done: number, what: string) => {
  if (done === 0) throw new Error(`${what} failed`);
};

rmSync(stopFile, { force: true });
// Or the program would be Bun, too.
kernel32.SetEnvironmentVariableW(wide("BUN_BE_BUN"), 0n);
const startup = Buffer.alloc(104);
startup.writeUInt32LE(startup.length);
const started = Buffer.alloc(24);
must(
  kernel32.CreateProcessW(0n, wide(line), 0n, 0n, 0, CREATE_NEW_CONSOLE, 0n, 0n, startup, started),
  "CreateProcess",
);
const handle = started.readBigUInt64LE();
const pid = started.readUInt32LE(16);

while (!existsSync(stopFile)) await Bun.sleep(50);
kernel32.FreeConsole();
must(kernel32.AttachConsole(pid), "AttachConsole");
// It reaches all programs of the console, of which this is one now.
kernel32.SetConsoleCtrlHandler(0n, 1);
// To the group 0: on Windows that is the whole console. Under Wine it is the group of this process, which its children
// are in; from any other process nothing would arrive.
must(kernel32.GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0), "GenerateConsoleCtrlEvent");
kernel32.WaitForSingleObject(handle, FOR_EVER);
const exitCode = Buffer.alloc(4);
kernel32.GetExitCodeProcess(handle, exitCode);
process.exit(exitCode.readUInt32LE());
