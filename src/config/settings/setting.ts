/** What a row of the table of settings is. The table itself is `settings.ts`. */
import type { Surroundings } from "../folders.ts";
import type { ValueKind } from "../value-kinds.ts";

/** A default that is no constant, or none at all; `text` says it to people. */
interface ComputedDefault<Value> {
  /** @param file the configuration file in use. */
  compute: (at: Surroundings, file: string | undefined) => Value;
  text: string;
  /** A value that could stand in a configuration file, for the commented one that `config init` writes. */
  example: string;
}

export interface Setting<Property extends string, Value, Default> {
  /** Its name in `Config`. */
  readonly property: Property;
  readonly kind: ValueKind<Value>;
  readonly env: string;
  /** Whether `--key` exists. Secrets have none: process lists show flags. */
  readonly flag: boolean;
  /** Never shown, and `<env>_FILE` may name a file that holds it. */
  readonly secret?: boolean;
  /** As an operator would write it, or computed. */
  readonly default: string | ComputedDefault<Default>;
  readonly about: string;
}

/** Keeps the row's own types. */
export const define = <const Property extends string, Value, Default = Value>(
  setting: Setting<Property, Value, Default>,
): Setting<Property, Value, Default> => setting;

/** No default; `text` says what that means. */
export const none = (text: string, example: string): ComputedDefault<undefined> => ({
  compute: () => undefined,
  text,
  example,
});

/** Longer than this, `setTimeout` fires at once: its delay is a signed 32-bit number of milliseconds. */
export const maxTimerMs = 24 * 86_400_000;
export const secondMs = 1_000;
export const hourMs = 3_600_000;
export const dayMs = 86_400_000;
