/** `man`: the manual page, for `man` itself. */
import { defineCommand } from "citty";
import { buildInfo } from "../../build-info.ts";
import type { AnyCommand } from "../../input/arguments.ts";
import { renderManual } from "../../manual/manual.ts";
import { printText } from "../../output/print.ts";
import { shapeOf } from "../../tree/shape.ts";

/** @param root of the tree that this command is part of. */
export const manCommand = (root: () => AnyCommand) =>
  defineCommand({
    meta: {
      name: "man",
      description: "Print the manual page",
      examples: [
        "fiscaut-tasks man | man -l -",
        "fiscaut-tasks man > /usr/local/share/man/man1/fiscaut-tasks.1",
      ],
    },
    run() {
      printText(renderManual(shapeOf(root()), buildInfo));
    },
  });
