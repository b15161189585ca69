/** Makes this worker's setting the rate of the queue that all workers send records from. */
import type { Logger } from "../../log/logger.ts";
import type { Store } from "../../store/connection.ts";
import { changeQueue, findQueue } from "../../store/queues.ts";
import { fiscautQueue } from "../../task/sync/record.ts";
import { formatRate, type Rate } from "../../task/time/rate.ts";

/** @param rate null: off. */
export async function setFiscautRate(store: Store, rate: Rate | null, logger: Logger): Promise<void> {
  const queue = await findQueue(store, fiscautQueue);
  const [before, after] = [show(queue?.rate ?? null), show(rate)];
  if (queue !== undefined && before === after) return;
  await changeQueue(store, fiscautQueue, { rate });
  if (queue === undefined) logger.info(`the rate of queue ${fiscautQueue} is ${after}`);
  // Two workers with different settings would else change each other's without a word.
  else
    logger.warn(
      `the rate of queue ${fiscautQueue} is ${after} from now on, for all workers; it was ${before}`,
    );
}

const show = (rate: Rate | null) => (rate === null ? "off" : formatRate(rate));
