/**
 * Puts off what not every process needs, the building of schemas above all: those of all doors together are a third of the
 * processor time of a start, and eight megabytes that a worker at rest would hold.
 * @returns gives what `make` has made at the first call.
 */
export function once<Made>(make: () => Made): () => Made {
  let made: { value: Made } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
