/** How many database connections a worker takes. */

/** The engine's five loops, HTTP, and a few to spare. */
export const engineConnections = 9;

/** Only what handlers enqueue and ask for goes over them. */
export const handlerConnections = 2;

/** LISTEN and the heartbeat have one of their own each. */
export const connectionsOfWorker = engineConnections + handlerConnections + 2;
