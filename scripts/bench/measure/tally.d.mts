/** Task number `i` runs. */
export function ran(i: number): void;
