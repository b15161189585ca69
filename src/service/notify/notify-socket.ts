/**
 * Sends datagrams to the service manager's socket. By libc: `node:dgram` knows no unix sockets. What is told is
 * `tell-systemd.ts`'s affair.
 */
import { dlopen, FFIType, ptr } from "bun:ffi";
import { notifyAddress } from "./notify-address.ts";

const familyUnix = 1;
const datagram = 2;
const nonBlocking = 0o4000;
const closeOnExec = 0o2000000;
const noSignal = 0x4000;

export type Notify = (message: string) => void;

/**
 * @param socket the value of NOTIFY_SOCKET.
 * @returns undefined when it can't be reached. A message that the manager does not take is lost: the next one says more.
 */
export function openNotifySocket(socket: string): Notify | undefined {
  const address = notifyAddress(socket);
  if (address === undefined) return undefined;
  const libc = dlopen("libc.so.6", {
    socket: { args: [FFIType.i32, FFIType.i32, FFIType.i32], returns: FFIType.i32 },
    sendto: {
      args: [FFIType.i32, FFIType.ptr, FFIType.u64, FFIType.i32, FFIType.ptr, FFIType.u32],
      returns: FFIType.i64,
    },
  }).symbols;
  // Never waits: a manager that reads nothing must not stop the worker.
  const descriptor = libc.socket(familyUnix, datagram | closeOnExec | nonBlocking, 0);
  if (descriptor < 0) return undefined;
  return (message) => {
    const bytes = Buffer.from(message);
    libc.sendto(descriptor, ptr(bytes), bytes.length, noSignal, ptr(address), address.length);
  };
}
