/** `completions SHELL`: the script by which a shell completes this executable's commands, flags and values. */
import { defineCommand } from "citty";
import { OperatorError } from "../../../task/errors.ts";
import { renderBash } from "../../completions/bash.ts";
import { renderFish } from "../../completions/fish.ts";
import { renderPowerShell } from "../../completions/powershell.ts";
import { renderZsh } from "../../completions/zsh.ts";
import type { AnyCommand } from "../../input/arguments.ts";
import { printText } from "../../output/print.ts";
import { shapeOf } from "../../tree/shape.ts";

const shells = { bash: renderBash, zsh: renderZsh, fish: renderFish, powershell: renderPowerShell };

/** @param root of the tree that this command is part of. */
export const completionsCommand = (root: () => AnyCommand) =>
  defineCommand({
    meta: {
      name: "completions",
      description: "Print the script by which a shell completes commands, flags and values",
      examples: [
        "source <(fiscaut-tasks completions bash)",
        "fiscaut-tasks completions zsh > /usr/local/share/zsh/site-functions/_fiscaut-tasks",
        "fiscaut-tasks completions fish > ~/.config/fish/completions/fiscaut-tasks.fish",
        "fiscaut-tasks completions powershell >> $PROFILE",
      ],
    },
    args: {
      shell: {
        type: "positional",
        required: true,
        description: `One of ${Object.keys(shells).join(", ")}`,
        values: Object.keys(shells),
      },
    },
    run({ args }) {
      const render = Object.entries(shells).find(([shell]) => shell === args.shell)?.[1];
      if (render === undefined)
        throw new OperatorError("usage", `there is no completion for "${args.shell}"`, {
          hint: `one of ${Object.keys(shells).join(", ")}`,
        });
      printText(render(shapeOf(root())));
    },
  });
