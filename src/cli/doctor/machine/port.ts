/** Whether the worker's HTTP port is free, or has a worker of ours behind it. */
import type { Config } from "../../../config/settings/settings.ts";
import { explainListenFault } from "../../../http/server.ts";
import { codeOf } from "../../../task/thrown.ts";
import { askRoot } from "../../ask-worker.ts";
import { type Check, fail, failedBy, pass, warn } from "../check.ts";

export const portCheck: Check<Config> = {
  name: "port",
  async look(config) {
    const { host, port } = config;
    if (port === 0) return pass("any free one will be taken");
    const fault = await tryToListen(host, port);
    if (fault === undefined) return pass(`${port} on ${host} is free`);
    const inUse = codeOf(fault) === "EADDRINUSE";
    if (!inUse) return failedBy(explainListenFault(fault, host, port));
    switch (await askRoot(config)) {
      case "ours":
        return pass(`a fiscaut-tasks worker answers on port ${port} of ${host}`);
      case "other-token":
        return warn(
          `a fiscaut-tasks worker on port ${port} of ${host} has another token`,
          "set the same FISCAUT_TASKS_HTTP_TOKEN here and there",
        );
      case "foreign":
        return fail(
          `another program listens on port ${port} of ${host}`,
          "give the worker another --port, or stop that program",
        );
    }
  },
};

/** Listens for a moment, since nothing else tells whether it is allowed. */
async function tryToListen(host: string, port: number): Promise<unknown> {
  try {
    const listener = Bun.listen({ hostname: host, port, socket: { data() {} } });
    listener.stop(true);
    return undefined;
  } catch (fault) {
    return fault;
  }
}
