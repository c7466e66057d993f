import { run } from './call.js';
import { native } from './native.js';
import type { Plan as NativePlan } from './native.types.js';
import { bytes, path, type PathLike } from './options.js';

/** What `terraform show -json PLANFILE` prints: it stands for reality, as the plan's own refresh saw it. */
export class Plan {
  readonly #native: NativePlan;

  /** @internal */
  constructor(inner: NativePlan) {
    this.#native = inner;
    Object.freeze(this);
  }

  /** @internal */
  get native(): NativePlan {
    return this.#native;
  }

  /** Reads a file. */
  static async read(file: PathLike): Promise<Plan> {
    const name = path('file', file);
    return new Plan(await run({}, () => native.Plan.read(name)));
  }

  /** Reads text, or bytes in UTF-8 or UTF-16. */
  static async parse(content: string | Uint8Array): Promise<Plan> {
    const given = bytes('content', content);
    return new Plan(await run({}, () => native.Plan.parse(given)));
  }

  /** The version of its format, such as `1.2`. */
  get formatVersion(): string {
    return this.#native.formatVersion;
  }
}
