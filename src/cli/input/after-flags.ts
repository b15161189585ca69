/** The flags that say what a task waits for. What that means is `task/doors/after.ts`'s affair. */
import { defaultFailureRule, failureRules, type NewAfter } from "../../task/doors/after.ts";
import { OperatorError } from "../../task/errors.ts";
import { readId } from "./read-id.ts";

export const afterFlags = {
  after: {
    type: "string",
    description: "Run once these tasks have succeeded, such as 12,13",
    valueHint: "ids",
  },
  "after-batch": {
    type: "string",
    description: "Run once all tasks of these batches have succeeded",
    valueHint: "ids",
  },
  "on-failure": {
    type: "string",
    description: `When one of them does not succeed: ${failureRules.join(", ")} (default: ${defaultFailureRule})`,
    valueHint: "rule",
    values: failureRules,
  },
} as const;

/** @throws OperatorError "usage" */
export function readAfter(args: {
  after?: string | undefined;
  "after-batch"?: string | undefined;
  "on-failure"?: string | undefined;
}): NewAfter | undefined {
  const { after, "after-batch": batches, "on-failure": rule } = args;
  if (after === undefined && batches === undefined && rule === undefined) return undefined;
  const onFailure = failureRules.find((known) => known === rule);
  if (rule !== undefined && onFailure === undefined)
    throw new OperatorError("usage", `--on-failure: there is no rule "${rule}"`, {
      hint: `one of ${failureRules.join(", ")}`,
    });
  if (after === undefined && batches === undefined)
    throw new OperatorError("usage", "--on-failure needs --after or --after-batch");
  return {
    tasks: readIds("--after", after),
    batches: readIds("--after-batch", batches),
    onFailure,
  };
}

const readIds = (flag: string, text: string | undefined) =>
  text === undefined ? undefined : text.split(",").map((id) => readId(flag, id.trim()));
