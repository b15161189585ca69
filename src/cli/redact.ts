/** What this process must not tell: whatever writes for people asks it. */
import { createRedactor } from "../log/redactor.ts";

/** Told the configuration's secrets as soon as there is one. */
export const redact = createRedactor();
