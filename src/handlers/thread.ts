/** A thread of this process, for the code of others: handlers have some, hooks have one. What is said is its owner's. */

/** `onMessage` and `onEnd` are set once, before anything is sent. */
export interface ThreadOf<Sent, Heard> {
  send(message: Sent): void;
  onMessage: (message: Heard) => void;
  /** It has ended, by itself or terminated: what it runs may call process.exit, or crash it. */
  onEnd: () => void;
  terminate(): void;
}

/** @param toFault what is heard of an error in it that nobody has caught. */
export function spawnThread<Sent, Heard>(
  url: URL,
  toFault: (message: string) => NoInfer<Heard>,
): ThreadOf<Sent, Heard> {
  const worker = new Worker(url.href);
  const thread: ThreadOf<Sent, Heard> = {
    send: (message) => worker.postMessage(message),
    onMessage: () => {},
    onEnd: () => {},
    terminate: () => worker.terminate(),
  };
  worker.onmessage = (event) => thread.onMessage(event.data);
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    thread.onMessage(toFault(event.message));
  });
  worker.addEventListener("close", () => thread.onEnd());
  return thread;
}
