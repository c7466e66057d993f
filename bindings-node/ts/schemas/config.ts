// Written by scripts/types.mjs from schemas/config.schema.json.

import type { JsonValue } from '../exchange.js';

/**
 * What `driftmgr config show --format json` prints: every setting with its value and where that comes from. Fields may be added within a major version and are never renamed, so readers ignore what they do not know.
 */
export interface Config {
    /**
     * The files that were read, the weaker one first. Relative to the working folder when they lie there.
     */
    readonly files: readonly string[];
    /**
     * Every key, in a fixed order.
     */
    readonly settings: readonly {
        /**
         * The key from the top, joined by dots.
         */
        readonly key: string;
        /**
         * The value; null for a key that nobody set and that has no default. Durations are text such as 1h30m; a rule is its fields and its origin.
         */
        readonly value: string | boolean | number | readonly JsonValue[] | null;
        /**
         * Where the value comes from. A file has file, line and column, both from 1; a variable and a flag have a name.
         */
        readonly origin: {
            readonly kind: 'default' | 'file' | 'variable' | 'flag';
            readonly file?: string;
            readonly line?: number;
            readonly column?: number;
            readonly name?: string;
        };
        /**
         * False for a key that is checked and does not do anything yet.
         */
        readonly has_effect: boolean;
    }[];
    /**
     * What is right and does nothing: keys without effect that are set, variables that nobody reads.
     */
    readonly warnings: readonly string[];
}
