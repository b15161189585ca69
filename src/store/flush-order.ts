/**
 * Which commits over the hot connection the database's disk has, where some did not wait for it: those before one that
 * did. For Postgres takes the statements of a connection in their order, and writes its log in the order of commits.
 */
export class FlushOrder {
  readonly #unflushed = new Set<() => void>();

  /**
   * For a statement whose commit does not wait, as it is sent.
   * @returns resolves once the disk has it; never where the connection is lost before, since the commit may be lost too.
   */
  unflushed(): Promise<void> {
    return new Promise((resolve) => this.#unflushed.add(resolve));
  }

  /**
   * For a statement whose commit waits, as it is sent.
   * @returns to be called when it has committed a change: without one there was nothing to wait for.
   */
  flushing(): () => void {
    const before = [...this.#unflushed];
    return () => {
      for (const resolve of before) if (this.#unflushed.delete(resolve)) resolve();
    };
  }

  connectionLost(): void {
    this.#unflushed.clear();
  }
}
