/** `fiscaut.sync-supplier`: sends one supplier to the Fiscaut API. The answer's meaning comes from `fiscaut/`. */
import { supplierPayloadSchema } from "../fiscaut/supplier.ts";
import { PermanentError, RetryAfter } from "../task/outcome.ts";
import { type ApiGate, demandFiscautQueue } from "./fiscaut/api-gate.ts";
import { defineHandler, type Handler } from "./handler.ts";

export const syncSupplierName = "fiscaut.sync-supplier";

/** A repeat is harmless: on the server every POST is an upsert. */
export function syncSupplierHandler(gate: ApiGate): Handler {
  return defineHandler({
    name: syncSupplierName,
    payload: supplierPayloadSchema,
    async run(
      { cnpj_empresa, nome_fornecedor, cnpj_fornecedor, conta_contabil_fornecedor: account },
      { task, signal },
    ) {
      demandFiscautQueue(task);
      const content = {
        cnpj_empresa,
        nome_fornecedor,
        cnpj_fornecedor,
        ...(account === undefined ? {} : { conta_contabil_fornecedor: account }),
      };
      const answer = await gate.send("supplier", content, signal);
      switch (answer.kind) {
        case "accepted":
          return { status: answer.status, message: answer.message };
        case "rejected":
          throw new PermanentError(answer.message);
        case "slow-down":
        case "unavailable":
          if (answer.retryAfterMs !== undefined) throw new RetryAfter(answer.retryAfterMs, answer.message);
          throw new Error(answer.message);
      }
    },
  });
}
