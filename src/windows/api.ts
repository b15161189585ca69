/**
 * Windows' own functions that this program calls, by `bun:ffi`. What they are called for is the neighbours' affair.
 * Only to be imported where `process.platform` is "win32" before anything is called: the libraries are opened late.
 */
import { dlopen } from "bun:ffi";

/** Handles and pointers are 64 bits wide: the executable is made for 64-bit Windows alone. */
const advapi32Functions = {
  StartServiceCtrlDispatcherW: { args: ["ptr"], returns: "i32" },
  RegisterServiceCtrlHandlerW: { args: ["ptr", "ptr"], returns: "u64" },
  SetServiceStatus: { args: ["u64", "ptr"], returns: "i32" },
  RegisterEventSourceW: { args: ["u64", "ptr"], returns: "u64" },
  ReportEventW: {
    args: ["u64", "u16", "u16", "u32", "u64", "u16", "u32", "ptr", "u64"],
    returns: "i32",
  },
  DeregisterEventSource: { args: ["u64"], returns: "i32" },
} as const;

const kernel32Functions = {
  GetLastError: { args: [], returns: "u32" },
  OpenProcess: { args: ["u32", "i32", "u32"], returns: "u64" },
  CloseHandle: { args: ["u64"], returns: "i32" },
  CreateJobObjectW: { args: ["u64", "u64"], returns: "u64" },
  SetInformationJobObject: { args: ["u64", "u32", "ptr", "u32"], returns: "i32" },
  AssignProcessToJobObject: { args: ["u64", "u64"], returns: "i32" },
  TerminateJobObject: { args: ["u64", "u32"], returns: "i32" },
} as const;

const openAdvapi32 = () => dlopen("advapi32.dll", advapi32Functions).symbols;
const openKernel32 = () => dlopen("kernel32.dll", kernel32Functions).symbols;

let advapi32Library: ReturnType<typeof openAdvapi32> | undefined;
let kernel32Library: ReturnType<typeof openKernel32> | undefined;

export const advapi32 = () => (advapi32Library ??= openAdvapi32());
export const kernel32 = () => (kernel32Library ??= openKernel32());

/** Text as Windows' W functions take it, with its end. */
export const wideText = (text: string): Buffer<ArrayBuffer> => {
  const bytes = Buffer.from(`${text}\0`, "utf16le");
  const kept = Buffer.from(new ArrayBuffer(bytes.length)); // memory of its own, which nothing moves
  bytes.copy(kept);
  return kept;
};
