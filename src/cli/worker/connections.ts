/** How many database connections a worker takes. */

/** The engine's five loops, HTTP, and a few to spare. */
export const engineConnections = 9;

/** Only what handlers enqueue and ask for goes over them. */
export const handlerConnections = 2;

/** LISTEN has one of its own. */
export const connectionsOfWorker = engineConnections + handlerConnections + 1;
