/** A service manager's end of the notify socket: a real unix datagram socket, by libc, since node:dgram knows none. */
import { dlopen, FFIType, ptr } from "bun:ffi";
import { notifyAddress } from "../../../src/service/notify/notify-address.ts";

const { i32, u32, u64, i64 } = FFIType;
const pointer = FFIType.ptr;
const { symbols: libc } = dlopen("libc.so.6", {
  socket: { args: [i32, i32, i32], returns: i32 },
  bind: { args: [i32, pointer, u32], returns: i32 },
  recv: { args: [i32, pointer, u64, i32], returns: i64 },
  close: { args: [i32], returns: i32 },
});
const datagramNonBlocking = 2 | 0o4000;

/** @param socket as in NOTIFY_SOCKET. */
export function listenForNotify(socket: string) {
  const address = notifyAddress(socket);
  const descriptor = libc.socket(1, datagramNonBlocking, 0);
  if (address === undefined || libc.bind(descriptor, ptr(address), address.length) !== 0)
    throw new Error(`can't listen on ${socket}`);
  const buffer = new Uint8Array(4096);
  return {
    /** The messages that have come since, each with its lines. */
    received(): string[][] {
      const messages: string[][] = [];
      for (;;) {
        const length = Number(libc.recv(descriptor, ptr(buffer), buffer.length, 0));
        if (length < 0) return messages;
        messages.push(Buffer.from(buffer.subarray(0, length)).toString().split("\n"));
      }
    },
    close: () => void libc.close(descriptor),
  };
}
