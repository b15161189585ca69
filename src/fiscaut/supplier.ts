/** The payload of a `fiscaut.sync-supplier` task. Which rows become one is left to `record.ts`. */
import { z } from "zod";

/**
 * The record as it goes over the wire, and the two codes that say where it came from, under the names that the
 * connector being replaced gave them. `codi_for_odbc` keeps leading zeros.
 */
export const supplierPayloadSchema = z.object({
  cnpj_empresa: z.string().min(1),
  nome_fornecedor: z.string().min(1),
  cnpj_fornecedor: z.string().min(1),
  conta_contabil_fornecedor: z.string().optional(),
  codi_emp_odbc: z.number().int(),
  codi_for_odbc: z.string().min(1),
});
