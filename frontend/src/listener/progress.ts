/** How far a listener is in one language, and so what a resumed connection has to bring. Pure. */
export class Progress {
  /** Indexes that are still to be heard. */
  readonly #owed = new Set<number>();
  #latest: number | undefined;
  #heardBefore = 0;

  /** Everything up to this index is known. owed: whether its own speech is to be heard, unless it was already. */
  told(index: number, owed: boolean): void {
    this.#latest = Math.max(index, this.#latest ?? index);
    if (owed && index >= this.#heardBefore) this.#owed.add(index);
  }

  /** Its speech was heard, or never will be. */
  settle(index: number): void {
    this.#owed.delete(index);
  }

  /** Nothing before this index is to be heard any more. */
  settleBefore(index: number): void {
    this.#heardBefore = Math.max(this.#heardBefore, index);
    for (const owed of this.#owed) if (owed < index) this.#owed.delete(owed);
  }

  /** Of what is still to be heard, only these may come. */
  settleBut(coming: { has(index: number): boolean }): void {
    for (const owed of this.#owed) if (!coming.has(owed)) this.#owed.delete(owed);
  }

  /** Whether something is still to be heard. */
  get owing(): boolean {
    return this.#owed.size > 0;
  }

  /** The index after which to resume: everything up to it was heard, or read; undefined before it was let in. */
  get after(): number | undefined {
    return this.#owed.size > 0 ? Math.min(...this.#owed) - 1 : this.#latest;
  }
}
