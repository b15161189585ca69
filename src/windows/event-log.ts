/** Writes to Windows' Event Log, under Application. The source is registered with the service, see `src/service/`. */
import { ptr } from "bun:ffi";
import { advapi32, wideText } from "./api.ts";

const types = { error: 1, warning: 2, information: 4 } as const;

/**
 * The id of every event. The source's message file is EventCreate.exe's, part of Windows, which has a text for the
 * ids 1 to 1000 alike: the message as it was given.
 */
const eventId = 1;
/** What one string of an event may hold. */
const longestText = 31_000;

/** Never throws: a log that won't be written must not stop what it would have told of. */
export function writeEvent(source: string, type: keyof typeof types, message: string): void {
  const handle = advapi32().RegisterEventSourceW(0n, wideText(source));
  if (handle === 0n) return;
  const text = wideText(message.slice(0, longestText));
  const strings = new BigUint64Array([BigInt(ptr(text))]);
  advapi32().ReportEventW(handle, types[type], 0, eventId, 0n, 1, 0, strings, 0n);
  advapi32().DeregisterEventSource(handle);
}
