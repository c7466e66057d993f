import { now, run } from './call.js';
import { parse, type JsonObject } from './exchange.js';
import { native } from './native.js';
import type { Baseline as NativeBaseline } from './native.types.js';
import { path, type PathLike } from './options.js';
import type { Problem } from './results.js';

/**
 * Differences that are known today, each with a date and a reason. `report.baseline()` makes one; `detectDrift({ baseline: file })` does not show
 * what it knows.
 */
export class Baseline {
  readonly #native: NativeBaseline;

  /** @internal */
  constructor(inner: NativeBaseline) {
    this.#native = inner;
    Object.freeze(this);
  }

  /** @internal */
  get native(): NativeBaseline {
    return this.#native;
  }

  /** Reads a baseline file. An entry that is wrong hides nothing and is among `problems`. */
  static async read(file: PathLike): Promise<Baseline> {
    const name = path('file', file);
    return new Baseline(await run({}, () => native.Baseline.read(name)));
  }

  /** Writes it to the file that it was made for, over what is there. */
  async write(): Promise<void> {
    await run({}, () => this.#native.write());
  }

  /** How many differences it knows. */
  get size(): number {
    return this.#native.size;
  }

  /** How many changes of secrets were met when it was made: they are no part of it. */
  get secret(): number {
    return this.#native.secret;
  }

  /** What is wrong in its file. */
  get problems(): readonly Problem[] {
    return parse(now(() => this.#native.problems()));
  }

  /** What its file holds. */
  toJSON(): JsonObject {
    return parse(this.#native.document());
  }
}
