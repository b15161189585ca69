/** How many database connections a worker takes. */
import { hotConnections } from "../../store/connection.ts";

/** Of the engine's parts those that are not hot, HTTP, and a few to spare. */
export const engineConnections = 6;

/** Only what handlers enqueue and ask for goes over them. */
export const handlerConnections = 2;

/** The heartbeat, LISTEN and, now and then, what may take long have one each of their own. */
export const connectionsOfWorker = engineConnections + hotConnections + handlerConnections + 3;
