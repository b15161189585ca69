/** A line on standard error that the next one replaces, for people who watch: on a terminal alone. */
import { stderr } from "../../log/sync-stream.ts";

export function openProgress() {
  let shown = false;
  const write = (text: string) => stderr.isTTY && stderr.write(`\r\u001b[2K${text}`);
  return {
    show(words: string) {
      shown = true;
      write(words);
    },
    clear() {
      if (shown) write("");
      shown = false;
    },
  };
}
