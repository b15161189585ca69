/** A port of the loopback that nobody listens on at this moment. The next moment is the caller's concern. */
import { createServer } from "node:net";

/** `preferred` where it is free, else any. */
export async function pickFreePort(preferred = 0): Promise<number> {
  return (await tryPort(preferred)) ?? (await pickFreePort());
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (fault) => (port === 0 ? reject(fault) : resolve(undefined)));
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === "object" ? address.port : undefined));
    });
  });
}
