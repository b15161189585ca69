/**
 * A Fiscaut API that answers only when the test lets it: for what happens while calls are under way. The answers
 * of the real one are `fiscaut-api/stand-in.ts`'s affair.
 */

export interface HeldApi {
  /** FISCAUT_API_URL and FISCAUT_API_KEY. */
  env: Record<string, string>;
  /** Supplier codes' documents, one entry a call that arrived. */
  arrived: string[];
  /** The most calls for one supplier that were under way at once. */
  mostAtOnce(): number;
  /** Answers all calls, those to come too. */
  release(): void;
  stop(): Promise<void>;
}

export function startHeldApi(): HeldApi {
  const gate = Promise.withResolvers<void>();
  const arrived: string[] = [];
  const underWay = new Map<string, number>();
  let most = 0;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const { cnpj_fornecedor: supplier } = (await request.json()) as { cnpj_fornecedor: string };
      arrived.push(supplier);
      underWay.set(supplier, (underWay.get(supplier) ?? 0) + 1);
      most = Math.max(most, underWay.get(supplier) ?? 0);
      await gate.promise;
      underWay.set(supplier, (underWay.get(supplier) ?? 0) - 1);
      return Response.json({ status: true, message: "Saved." }, { status: 201 });
    },
  });
  return {
    env: { FISCAUT_API_URL: `http://127.0.0.1:${server.port}`, FISCAUT_API_KEY: "test-key-1234" },
    arrived,
    mostAtOnce: () => most,
    release: gate.resolve,
    stop: () => server.stop(true),
  };
}

/** A payload of `fiscaut.sync-supplier`; `document` tells one from another in `arrived`. */
export const supplier = (document: string) => ({
  cnpj_empresa: "33000167000101",
  nome_fornecedor: "SÃO JOÃO",
  cnpj_fornecedor: document,
  codi_emp_odbc: 1,
  codi_for_odbc: "00001",
});
