/**
 * Runs PgBouncer of its root in transaction mode before a database of the tests. Laying the root is `pgbouncer-root.ts`.
 */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../test/free-port.ts";
import { enterRoot } from "../debian/root.ts";

export interface PgBouncer {
  /** `url` by way of PgBouncer. */
  url: string;
  stop(): Promise<void>;
}

/** @param settings further ones of its `[pgbouncer]` section. */
export async function startPgBouncer(root: string, url: string, settings: string): Promise<PgBouncer> {
  const { hostname, port, username, password } = new URL(url);
  const own = await freePort();
  const folder = `/run/fiscaut-tasks-${process.pid}-${own}`;
  mkdirSync(join(root, folder), { recursive: true });
  await Bun.write(
    join(root, folder, "pgbouncer.ini"),
    `[databases]
* = host=${hostname} port=${port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = plain
auth_file = ${folder}/users.txt
pool_mode = transaction
default_pool_size = 4
max_client_conn = 200
user = postgres
${settings}
`,
  );
  await Bun.write(join(root, folder, "users.txt"), `"${username}" "${password}"\n`);
  const child = Bun.spawn(enterRoot(root, ["pgbouncer", `${folder}/pgbouncer.ini`]), {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  await listening(child.stderr);
  return {
    url: Object.assign(new URL(url), { hostname: "127.0.0.1", port: String(own) }).href,
    async stop() {
      child.kill("SIGKILL");
      await child.exited;
      rmSync(join(root, folder), { recursive: true, force: true });
    },
  };
}

/** Its log says when it is up. @throws with all it has said when it is not. */
async function listening(log: ReadableStream<Uint8Array>): Promise<void> {
  const decoder = new TextDecoder();
  let said = "";
  const reader = log.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    said += decoder.decode(value, { stream: true });
    if (said.includes("process up")) break;
    if (done) throw new Error(`PgBouncer did not start:\n${said}`);
  }
  // What is not read would hold it up.
  void (async () => {
    while (!(await reader.read()).done);
  })();
}
