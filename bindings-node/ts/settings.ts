import { now, run } from './call.js';
import { parse } from './exchange.js';
import { native } from './native.js';
import type { Settings as NativeSettings } from './native.types.js';
import { options, path, textMap, type PathLike, type Rules } from './options.js';
import type { JsonObject } from './exchange.js';
import type { Problem, SettingEntry, SettingsDocument } from './results.js';

/** What stands over the files and the environment. */
export interface SettingsOptions {
  /** Values by key, as text, that win over all others: `{ 'drift.timeout': '10m' }`. */
  readonly values?: Readonly<Record<string, string>> | undefined;
}

const rules: Rules<SettingsOptions> = { values: textMap };

/** Settings of `driftmgr.yaml` and the environment, each with where it comes from. */
export class Settings {
  readonly #native: NativeSettings;

  /** @internal */
  constructor(inner: NativeSettings) {
    this.#native = inner;
    Object.freeze(this);
  }

  /** @internal */
  get native(): NativeSettings {
    return this.#native;
  }

  /**
   * The settings that hold in a folder: a `driftmgr.yaml` there or above, the file of the user, the environment. What is wrong in them is in
   * `problems`; a client refuses settings that have any.
   */
  static async load(folder: PathLike = '.', given?: SettingsOptions): Promise<Settings> {
    const name = path('folder', folder);
    const { values = {} } = options(given, rules);
    return new Settings(await run({}, () => native.Settings.load(name, JSON.stringify(values))));
  }

  /** Reads one file over the defaults and nothing else; `problems` says what is wrong with it. */
  static async validate(file: PathLike): Promise<Settings> {
    const name = path('file', file);
    return new Settings(await run({}, () => native.Settings.validate(name)));
  }

  /** The JSON Schema of `driftmgr.yaml`. */
  static schema(): JsonObject {
    return parse(now(() => native.Settings.schema()));
  }

  /** Every mistake, with its place. */
  get problems(): readonly Problem[] {
    return parse(now(() => this.#native.problems()));
  }

  /** What has no effect, or looks mistyped. */
  get warnings(): readonly string[] {
    return this.toJSON().warnings;
  }

  /** Every key with its value, and where that comes from. */
  entries(): readonly SettingEntry[] {
    return parse(now(() => this.#native.entries()));
  }

  /** What `driftmgr config show --format json` prints. */
  toJSON(): SettingsDocument {
    return parse(now(() => this.#native.document()));
  }
}
