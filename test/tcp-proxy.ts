/** A proxy before a server of the tests, by which the network goes wrong: it refuses, goes silent, leads elsewhere. */
import { connect, createServer, type Server, type Socket } from "node:net";

export interface TcpProxy {
  readonly port: number;
  /** `url` by way of the proxy. */
  through(url: string): string;
  /** Connections from now on lead there. */
  leadTo(port: number): void;
  /** Connections stay, and nothing goes through them any more; new ones are served. */
  fallSilent(): void;
  /**
   * Loses the answer to what is asked next after `text`, which arrives, and all that follow on that connection.
   * @param passed how many times the text passes unharmed before.
   */
  loseAnswerAfter(text: string, passed?: number): void;
  /** Ends all connections. */
  cut(): void;
  /** Ends all connections, and each new one as soon as it is there. */
  refuse(): void;
  accept(): void;
  /** How many connections there have been. */
  readonly count: number;
  close(): Promise<void>;
}

/** @param port the server's, of this machine. */
export async function startTcpProxy(port: number): Promise<TcpProxy> {
  const pairs = new Set<[Socket, Socket]>();
  let target = port;
  let refusing = false;
  let losesAfter: string | undefined;
  let stillPasses = 0;
  let count = 0;
  const server: Server = createServer((client) => {
    count += 1;
    client.on("error", () => {});
    if (refusing) return void client.destroy();
    const upstream = connect(target, "127.0.0.1");
    const pair: [Socket, Socket] = [client, upstream];
    pairs.add(pair);
    upstream.on("error", () => client.destroy());
    let hasAsked = false;
    client.on("data", (bytes) => {
      if (hasAsked) upstream.removeAllListeners("data").resume();
      hasAsked = losesAfter !== undefined && bytes.includes(losesAfter) && stillPasses-- <= 0;
      upstream.write(bytes);
    });
    upstream.on("data", (bytes) => client.write(bytes));
    client.on("close", () => {
      pairs.delete(pair);
      upstream.destroy();
    });
    upstream.on("close", () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port: own } = server.address() as { port: number };
  const cut = () => {
    losesAfter = undefined;
    for (const [client, upstream] of pairs) {
      client.destroy();
      upstream.destroy();
    }
    pairs.clear();
  };
  return {
    port: own,
    through: (url) => Object.assign(new URL(url), { port: String(own) }).href,
    leadTo(port) {
      target = port;
    },
    fallSilent() {
      for (const sockets of pairs) for (const socket of sockets) socket.removeAllListeners("data").resume();
    },
    loseAnswerAfter(text, passed = 0) {
      losesAfter = text;
      stillPasses = passed;
    },
    cut,
    refuse() {
      refusing = true;
      cut();
    },
    accept() {
      refusing = false;
    },
    get count() {
      return count;
    },
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
