/** Debian's Redis, for BullMQ: on a free loopback port, in a temporary folder, never as a service. */
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { pickFreePort } from "../../../src/store/embedded/free-port.ts";
import { runChild, startChild } from "./children.ts";

export interface RedisServer {
  readonly url: string;
  stop(): Promise<void>;
}

const readyWithinMs = 10_000;
const installWithinMs = 180_000;

/** Whether there is a redis-server on this machine, after an attempt to install it where we may. */
export async function findRedis(): Promise<boolean> {
  if (Bun.which("redis-server") !== null) return true;
  if (process.getuid?.() !== 0 || Bun.which("apt-get") === null) return false;
  const env = { DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const install = ["apt-get", "install", "--yes", "--no-install-recommends", "redis-server"];
  await runChild(install, env, installWithinMs).catch(() => {});
  return Bun.which("redis-server") !== null;
}

/** @param durable whether each write is on disk before it is answered; Redis' default is that none is. */
export async function startRedis(folder: string, durable: boolean): Promise<RedisServer> {
  // Of its own each time: it saves what it holds when it is stopped.
  const dir = await mkdtemp(join(folder, "redis-"));
  const port = await pickFreePort();
  const settings = { bind: "127.0.0.1", port: String(port), dir, daemonize: "no" };
  const durability = durable ? { appendonly: "yes", appendfsync: "always" } : { appendonly: "no" };
  const words = Object.entries({ ...settings, ...durability }).flatMap(([name, value]) => [
    `--${name}`,
    value,
  ]);
  const child = startChild(["redis-server", ...words], {}, join(dir, "log"));
  const deadline = performance.now() + readyWithinMs;
  while (!(await answers(port))) {
    if (performance.now() > deadline) throw new Error(`redis-server did not answer, see ${dir}/log`);
    await Bun.sleep(20);
  }
  return { url: `redis://127.0.0.1:${port}`, stop: () => child.stop() };
}

async function answers(port: number): Promise<boolean> {
  const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } }).catch(
    () => undefined,
  );
  socket?.end();
  return socket !== undefined;
}
