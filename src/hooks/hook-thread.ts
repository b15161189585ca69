/** The entry of the thread that the operator's hooks run in: what they throw, await or block stays in it. */
import { FileRefused } from "../handlers/import-file.ts";
import { momentKinds } from "../task/life.ts";
import { stackOf } from "../task/thrown.ts";
import { createHookCalls } from "./hook-calls.ts";
import type { FromHooks, ToHooks } from "./hook-messages.ts";
import { loadHooks } from "./load-hooks.ts";

const thread = globalThis as unknown as {
  onmessage: (event: MessageEvent<ToHooks>) => void;
  postMessage(message: FromHooks): void;
};
const send = (message: FromHooks) => thread.postMessage(message);

thread.onmessage = async ({ data }) => {
  if (data.kind !== "load") return;
  try {
    const hooks = await loadHooks(data.path);
    const take = createHookCalls({
      hooks,
      limitMs: data.limitMs,
      onFault: (fault) => send({ kind: "fault", fault }),
      onDone: () => send({ kind: "done" }),
    });
    thread.onmessage = (event) => {
      if (event.data.kind === "moment") take(event.data.moment);
    };
    send({ kind: "loaded", listens: momentKinds.filter((kind) => hooks[kind] !== undefined) });
  } catch (error) {
    if (!(error instanceof FileRefused)) throw error;
    send({ kind: "refused", message: error.message });
  }
};

// Nobody waits for these: a loose end of one hook must not take the others along.
for (const event of ["unhandledRejection", "uncaughtException"] as const)
  process.on(event, (error: unknown) => {
    const message = stackOf(error);
    send({ kind: "fault", fault: { message } });
  });
