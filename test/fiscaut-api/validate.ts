/**
 * The server's checks of a posted record: required fields, text, check digits.
 * Written apart from src/fiscaut on purpose: the two are compared by the tests.
 */

interface Resource {
  name: string;
  required: string[];
  optional: string[];
  /** What identifies a record within its company. */
  key: string;
}

/** By the path under the base URL. */
export const RESOURCES: ReadonlyMap<string, Resource> = new Map(
  [
    {
      name: "fornecedores",
      required: ["cnpj_empresa", "nome_fornecedor", "cnpj_fornecedor"],
      optional: ["conta_contabil_fornecedor"],
      key: "cnpj_fornecedor",
    },
    {
      name: "clientes",
      required: ["cnpj_empresa", "nome_cliente", "cnpj_cliente"],
      optional: ["conta_contabil_cliente"],
      key: "cnpj_cliente",
    },
    {
      name: "plano-de-contas",
      required: ["cnpj_empresa", "codigo", "classificacao", "nome", "tipo"],
      optional: [],
      key: "codigo",
    },
    {
      name: "acumuladores",
      required: ["cnpj_empresa", "codi_acu", "nome_acu"],
      optional: [],
      key: "codi_acu",
    },
  ].map((resource) => [`contabil/${resource.name}`, resource]),
);

/** `errors` has the shape of a 422's, empty when the record is good. Unknown fields are dropped. */
export function validate(
  resource: Resource,
  body: unknown,
): { record: Record<string, string>; errors: Record<string, string[]> } {
  const given = new Map(typeof body === "object" && body !== null ? Object.entries(body) : []);
  const record: Record<string, string> = {};
  const errors: Record<string, string[]> = {};
  for (const field of [...resource.required, ...resource.optional]) {
    const value = given.get(field);
    const fault = findFault(field, value, resource.required.includes(field));
    if (fault !== undefined) errors[field] = [fault];
    else if (typeof value === "string") record[field] = value;
  }
  return { record, errors };
}

function findFault(field: string, value: unknown, required: boolean): string | undefined {
  if (value === undefined || value === null || value === "") {
    return required ? `The ${field} field is required.` : undefined;
  }
  if (typeof value !== "string") return `The ${field} field must be a string.`;
  if (field.startsWith("cnpj_") && !hasRightCheckDigits(value))
    return `The ${field} field is not a valid CNPJ or CPF.`;
  if (field === "tipo" && value !== "A" && value !== "S") return `The ${field} field must be A or S.`;
  return undefined;
}

// The weights as Receita Federal prints them, for the first digit; the second puts one more in front.
const CNPJ_WEIGHTS = [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];
const CPF_WEIGHTS = [10, 9, 8, 7, 6, 5, 4, 3, 2];

function hasRightCheckDigits(text: string): boolean {
  const cnpj = /^[0-9A-Z]{12}\d\d$/.test(text);
  if ((!cnpj && !/^\d{11}$/.test(text)) || new Set(text).size === 1) return false;
  const [first, second] = cnpj ? [CNPJ_WEIGHTS, [6, ...CNPJ_WEIGHTS]] : [CPF_WEIGHTS, [11, ...CPF_WEIGHTS]];
  return [first ?? [], second ?? []].every((weights) => {
    const sum = weights.reduce((total, weight, at) => total + weight * (text.charCodeAt(at) - 48), 0);
    const expected = sum % 11 < 2 ? 0 : 11 - (sum % 11);
    return text[weights.length] === String(expected);
  });
}
