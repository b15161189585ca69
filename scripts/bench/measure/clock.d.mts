/** Milliseconds since 1970, with fractions; comparable between processes of this machine. */
export function instantMs(): number;
