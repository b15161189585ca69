/** How many database connections a worker takes. */

/** The engine's five loops, HTTP, and a few to spare. */
export const engineConnections = 9;

/** Only what handlers enqueue and ask for goes over them. */
export const handlerConnections = 2;

/** The heartbeat, LISTEN and, now and then, what may take long have one each of their own. */
export const connectionsOfWorker = engineConnections + handlerConnections + 3;
