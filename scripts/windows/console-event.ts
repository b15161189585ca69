/**
 * Raises Ctrl+Break (1), Ctrl+C (0) or a closed console (2) in another Windows process: `EVENT PID`.
 * It runs inside of Wine, by the tested executable itself with BUN_BE_BUN=1; starting it is the tests' part.
 */
import { dlopen } from "bun:ffi";

const [event = "", pid = ""] = process.argv.slice(2);

const kernel32 = dlopen("kernel32.dll", {
  OpenProcess: { args: ["u32", "i32", "u32"], returns: "u64" },
  GetModuleHandleA: { args: ["buffer"], returns: "u64" },
  GetProcAddress: { args: ["u64", "buffer"], returns: "u64" },
  CreateRemoteThread: { args: ["u64", "u64", "u64", "u64", "u64", "u32", "u64"], returns: "u64" },
  WaitForSingleObject: { args: ["u64", "u32"], returns: "u32" },
}).symbols;

const PROCESS_ALL_ACCESS = 0x1fffff;

// What Windows itself does: a thread in the process at CtrlRoutine, which calls the process's handlers.
// Wine's GenerateConsoleCtrlEvent knows Ctrl+C only; its Ctrl+Break ends threads without calling anyone.
const target = kernel32.OpenProcess(PROCESS_ALL_ACCESS, 0, Number(pid));
const kernelbase = kernel32.GetModuleHandleA(Buffer.from("kernelbase.dll\0"));
const routine = kernel32.GetProcAddress(kernelbase, Buffer.from("CtrlRoutine\0"));
const thread = kernel32.CreateRemoteThread(target, 0n, 0n, routine, BigInt(event), 0, 0n);
if (thread === 0n) throw new Error(`could not raise console event ${event} in process ${pid}`);
kernel32.WaitForSingleObject(thread, 5_000);
