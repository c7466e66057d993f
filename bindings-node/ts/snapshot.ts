import { now, run } from './call.js';
import { parse } from './exchange.js';
import { native } from './native.js';
import type { Recorded, Snapshot as NativeSnapshot } from './native.types.js';
import { path, type PathLike } from './options.js';
import { DriftReport } from './report.js';
import type { SnapshotInfo } from './results.js';

/** What a run found, written down to compare with later. `stack.snapshot()` makes one. */
export class Snapshot {
  readonly #native: NativeSnapshot;

  /** @internal */
  constructor(inner: NativeSnapshot) {
    this.#native = inner;
    Object.freeze(this);
  }

  /** @internal */
  get native(): NativeSnapshot {
    return this.#native;
  }

  /** @internal */
  static recorded(recorded: Recorded): { readonly snapshot: Snapshot; readonly report: DriftReport } {
    return Object.freeze({ snapshot: new Snapshot(recorded.snapshot()), report: new DriftReport(recorded.report()) });
  }

  /** Reads a snapshot file. */
  static async read(file: PathLike): Promise<Snapshot> {
    const name = path('file', file);
    return new Snapshot(await run({}, () => native.Snapshot.read(name)));
  }

  /** Writes a snapshot file. */
  async write(file: PathLike): Promise<void> {
    const name = path('file', file);
    await run({}, () => this.#native.write(name));
  }

  /** What is in it, by target. */
  info(): SnapshotInfo {
    return parse(now(() => this.#native.info()));
  }
}
