/** CNPJ and CPF: known numbers, and a loop that compares with a second way of computing the check digits. */
import { describe, expect, test } from "bun:test";
import { checkDocument, normaliseDocument } from "../../src/fiscaut/cnpj.ts";

describe("normaliseDocument", () => {
  test("takes punctuation and blanks away and makes letters upper case", () => {
    expect(normaliseDocument(" 12.abc.345/01de-35 ")).toBe("12ABC34501DE35");
    expect(normaliseDocument("529.982.247-25")).toBe("52998224725");
    expect(normaliseDocument("   ")).toBe("");
  });

  test("keeps other characters, so that the check can tell of them", () => {
    expect(normaliseDocument("1234567890123?")).toBe("1234567890123?");
  });
});

describe("checkDocument", () => {
  test.each([
    ["33000167000101", "cnpj"],
    ["00000000000191", "cnpj"],
    ["12ABC34501DE35", "cnpj"],
    ["52998224725", "cpf"],
    ["00000000191", "cpf"],
  ] as const)("takes %s as a good %s", (bare, kind) => {
    expect(checkDocument(bare)).toEqual({ valid: true, kind });
  });

  test.each([
    ["11222333000199", "cnpj", "ends in check digits 99, where 81 are right"],
    ["12ABC34501DE34", "cnpj", "ends in check digits 34, where 35 are right"],
    ["52998224724", "cpf", "ends in check digits 24, where 25 are right"],
    ["12abc34501de35", "cnpj", "needs twelve letters or digits, then two digits"],
    ["12ABC34501DEX5", "cnpj", "needs twelve letters or digits, then two digits"],
    ["5299822472X", "cpf", "needs eleven digits"],
    ["00000000000000", "cnpj", "is one digit repeated"],
    ["00000000000", "cpf", "is one digit repeated"],
    ["99999999999", "cpf", "is one digit repeated"],
    ["123", undefined, "has 3 characters, where a CNPJ has 14 and a CPF 11"],
    ["1", undefined, "has 1 character, where a CNPJ has 14 and a CPF 11"],
  ] as const)("refuses %s (%s): %s", (bare, kind, fault) => {
    const isWellFormed = /^(ends in|is one digit)/.test(fault);
    expect(checkDocument(bare)).toMatchObject({ valid: false, kind, isWellFormed, fault });
  });

  test("agrees with the other way of computing: of all 100 endings of any base, only one is good", () => {
    const random = seededRandom(20260701);
    for (let round = 0; round < 300; round++) {
      const cpf = round % 3 === 0;
      const alphabet = round % 3 === 1 ? "0123456789" : "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
      const base = Array.from({ length: cpf ? 9 : 12 }, () =>
        cpf ? String(random(10)) : alphabet.charAt(random(alphabet.length)),
      ).join("");
      const good = Array.from({ length: 100 }, (_, ending) => base + String(ending).padStart(2, "0")).filter(
        (bare) => checkDocument(bare).valid,
      );
      expect(good).toEqual([base + computeCheckDigits(base)]);
    }
  });

  test("sees every single wrong digit of a number", () => {
    for (const bare of ["33000167000101", "52998224725"]) {
      for (let at = 0; at < bare.length; at++) {
        for (const digit of "0123456789") {
          const changed = bare.slice(0, at) + digit + bare.slice(at + 1);
          expect(checkDocument(changed).valid).toBe(changed === bare);
        }
      }
    }
  });
});

/** The textbook's form: multiply by 10, remainder of 11, ten counts as zero. */
function computeCheckDigits(base: string): string {
  const weights =
    base.length === 9 ? [11, 10, 9, 8, 7, 6, 5, 4, 3, 2] : [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];
  let text = base;
  for (const skipped of [1, 0]) {
    const sum = [...text].reduce((total, character, at) => {
      const value = "0123456789_______ABCDEFGHIJKLMNOPQRSTUVWXYZ".indexOf(character);
      return total + value * (weights[at + skipped] ?? 0);
    }, 0);
    text += String(((sum * 10) % 11) % 10);
  }
  return text.slice(-2);
}

function seededRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
