/** The address in NOTIFY_SOCKET as the kernel takes it, after sd_notify(3) and unix(7). */

/** Of `sun_path` in Linux's `sockaddr_un`. */
const longestPath = 108;
const familyUnix = 1;

/** @returns undefined for what is no path, absolute or abstract: vsock, which only a virtual machine's manager uses. */
export function notifyAddress(socket: string): Uint8Array | undefined {
  if (!/^[@/]./.test(socket)) return undefined;
  const name = Buffer.from(socket);
  // An abstract name begins with a null byte and ends where the address ends; a path ends with one.
  const isAbstract = name[0] === 0x40;
  if (isAbstract) name[0] = 0;
  const length = name.length + (isAbstract ? 0 : 1);
  if (length > longestPath) return undefined;
  const address = new Uint8Array(2 + length);
  new DataView(address.buffer).setUint16(0, familyUnix, true);
  address.set(name, 2);
  return address;
}
