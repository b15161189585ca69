/** The steps of `life.test.ts` that end waits, as `engine/releaser.ts` does; the others are in `life-steps.ts`. */
import type { Store } from "../../../src/store/connection.ts";
import { type Ended, findReady, findWaitersOf, settleWaits } from "../../../src/store/waits/release.ts";
import type { Life } from "./life.ts";

/** As the releaser's round after hints. */
export async function tellEnds({ store, model }: Life): Promise<void> {
  const ended = model.untoldEnds.map(({ id, state }) => ({
    id,
    // Of what was deleted a hint does not say how it had ended.
    state: state === "deleted" ? ("cancelled" as const) : state,
    batchId: null,
  }));
  await settleAll(store, ended);
  model.tellEnds();
}

/** As its round when none has arrived. */
export async function lookThroughWaits({ store, model }: Life): Promise<void> {
  const { ready } = await findReady(store);
  await settleAll(store, await settleWaits(store, ready));
  model.lookThroughWaits();
}

/** What fails is itself an end. */
async function settleAll(store: Store, ended: Ended[]): Promise<void> {
  for (let open = ended; open.length > 0; ) open = await settleWaits(store, await findWaitersOf(store, open));
}
