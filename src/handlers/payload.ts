/**
 * What checks payloads: a handler's schema, of any library that has Standard Schema (https://standardschema.dev), and
 * the one interface by which doors ask for it. Which handlers there are is `handler.ts`'s and the loader's affair.
 */
import { OperatorError } from "../task/errors.ts";

/** Standard Schema's version 1, as far as it is needed here; zod, Valibot and ArkType have it. */
export interface PayloadSchema<Output = unknown> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => PayloadResult<Output> | Promise<PayloadResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** What a handler of that schema is given. */
export type OutputOf<Schema extends PayloadSchema> = NonNullable<Schema["~standard"]["types"]>["output"];

type PayloadResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly PayloadIssue[] };

interface PayloadIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Takes all that a task may hold. */
export const anyPayload: PayloadSchema = {
  "~standard": { version: 1, vendor: "fiscaut-tasks", validate: (value) => ({ value }) },
};

/** Some libraries' schemas are functions. */
export function isPayloadSchema(value: unknown): value is PayloadSchema {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  const standard = (value as Partial<PayloadSchema>)["~standard"];
  return standard?.version === 1 && typeof standard.validate === "function";
}

/**
 * Checks by what may be the operator's own code.
 * @returns the payload as the handler takes it, or what is wrong with it, in one line with its paths.
 * @throws what the schema throws.
 */
export async function readPayload(
  schema: PayloadSchema,
  payload: unknown,
): Promise<{ value: unknown } | { fault: string }> {
  const result = await schema["~standard"].validate(payload);
  return result.issues === undefined
    ? { value: result.value }
    : { fault: result.issues.map(describeIssue).join("; ") };
}

function describeIssue({ path = [], message }: PayloadIssue): string {
  const steps = path.map((step) => String(typeof step === "object" ? step.key : step));
  return steps.length > 0 ? `${steps.join(".")}: ${message}` : message;
}

export interface NamedPayload {
  readonly name: string;
  readonly payload: unknown;
}

/**
 * How a door has the payloads of new tasks checked, as many at once as it likes. What no handler at hand is named for
 * passes, as does what can't be checked in time: each attempt checks again.
 * @throws PayloadRefused for the first that does not pass.
 */
export type PayloadCheck = (tasks: readonly NamedPayload[]) => Promise<void>;

export class PayloadRefused extends OperatorError {
  /** Of the task among those that were checked. */
  readonly index: number;
  /** As `readPayload` tells it. */
  readonly fault: string;

  constructor(index: number, name: string, fault: string) {
    super("usage", describeRefusal(name, fault));
    this.index = index;
    this.fault = fault;
  }
}

/** @param schemaOf the schema by a task's name; undefined: whatever it has passes. */
export function createPayloadCheck(schemaOf: (name: string) => PayloadSchema | undefined): PayloadCheck {
  return async (tasks) => {
    for (const [index, { name, payload }] of tasks.entries()) {
      const schema = schemaOf(name);
      // One that throws says nothing of the payload; the attempt tells of it, with its stack.
      const read = schema && (await readPayload(schema, payload).catch(() => undefined));
      if (read !== undefined && "fault" in read) throw new PayloadRefused(index, name, read.fault);
    }
  };
}

/** The same words at the door and in an attempt's error. */
export const describeRefusal = (name: string, fault: string) => `the payload is not ${name}'s: ${fault}`;
