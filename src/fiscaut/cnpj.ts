/**
 * CNPJ and CPF numbers: their bare form and their check digits, nothing more.
 * Whether a number is registered with Receita Federal is not known here; only Fiscaut's answer tells.
 */

/**
 * What `checkDocument` finds; the words of a fault complete "CNPJ 123 ...". A document at fault is well-formed where its
 * length and characters are right, and only arithmetic speaks against it.
 */
export type DocumentCheck =
  | { valid: true; kind: "cnpj" | "cpf" }
  | { valid: false; kind: "cnpj" | "cpf"; isWellFormed: true; fault: string }
  | { valid: false; kind: "cnpj" | "cpf" | undefined; isWellFormed: false; fault: string };

/** The bare form that the API stores: no dots, slash, dash or blanks, letters in upper case. */
export function normaliseDocument(text: string): string {
  return text.replace(/[\s./-]/g, "").toUpperCase();
}

/**
 * Checks a bare document by its length, characters and check digits.
 *
 * CNPJ: the first twelve may be letters as well as digits (IN RFB 2.229/2024, in force since July 2026); any of
 * A-Z, because Receita only advises against some letters. CPF: eleven digits.
 * Numbers of one repeated digit pass the arithmetic but Receita never issues them, so they are refused:
 * ten CPFs and the CNPJ of fourteen zeros. 00000000000191 (Banco do Brasil) is a good CNPJ.
 */
export function checkDocument(bare: string): DocumentCheck {
  if (bare.length === 14) {
    return /^[0-9A-Z]{12}[0-9]{2}$/.test(bare)
      ? checkDigits(bare, "cnpj", 9)
      : malformed("cnpj", "needs twelve letters or digits, then two digits");
  }
  if (bare.length === 11) {
    return /^[0-9]{11}$/.test(bare) ? checkDigits(bare, "cpf", 11) : malformed("cpf", "needs eleven digits");
  }
  const characters = bare.length === 1 ? "1 character" : `${bare.length} characters`;
  return malformed(undefined, `has ${characters}, where a CNPJ has 14 and a CPF 11`);
}

function malformed(kind: "cnpj" | "cpf" | undefined, fault: string): DocumentCheck {
  return { valid: false, kind, isWellFormed: false, fault };
}

function checkDigits(bare: string, kind: "cnpj" | "cpf", heaviest: number): DocumentCheck {
  const refuse = (fault: string): DocumentCheck => ({ valid: false, kind, isWellFormed: true, fault });
  if (/^(.)\1*$/.test(bare)) return refuse("is one digit repeated");
  const base = bare.slice(0, -2);
  const first = checkDigit(base, heaviest);
  const expected = `${first}${checkDigit(base + first, heaviest)}`;
  const found = bare.slice(-2);
  if (found === expected) return { valid: true, kind };
  return refuse(`ends in check digits ${found}, where ${expected} are right`);
}

/** Mod 11 over ASCII code minus 48, weights 2 to `heaviest` from the right, repeating. */
function checkDigit(characters: string, heaviest: number): number {
  let weight = 2;
  let sum = 0;
  for (let index = characters.length - 1; index >= 0; index--) {
    sum += (characters.charCodeAt(index) - 48) * weight;
    weight = weight === heaviest ? 2 : weight + 1;
  }
  const remainder = sum % 11;
  return remainder < 2 ? 0 : 11 - remainder;
}
