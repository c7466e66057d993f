// Written by scripts/types.mjs from schemas/check.schema.json.

/**
 * What `driftmgr check --format json` prints: whether states are still true. Fields may be added within a major version and are never renamed, so readers ignore what they do not know.
 */
export interface Check {
    /**
     * True: in sync, and everything was looked at. False: something differs. Null: no difference was found, and something could not be looked at.
     */
    readonly safe: boolean | null;
    /**
     * The exit code: 0, 2 or 3 for safe true, false or null.
     */
    readonly exit: 0 | 2 | 3;
    /**
     * Counts of objects. checked = same + drifted + deleted + hidden; checked + unverifiable + skipped is every object of the states.
     */
    readonly summary: {
        /**
         * Objects compared with reality.
         */
        readonly checked: number;
        /**
         * Objects without a difference.
         */
        readonly same: number;
        /**
         * Objects with a visible difference, moved ones included.
         */
        readonly drifted: number;
        /**
         * Objects that the state has and reality has not.
         */
        readonly deleted: number;
        /**
         * Objects that reality has and no state has.
         */
        readonly unmanaged: number;
        /**
         * Objects that should have been compared and could not be: the answer about them is open.
         */
        readonly unverifiable: number;
        /**
         * Objects that are not to be compared, such as data sources.
         */
        readonly skipped: number;
        /**
         * Objects with nothing but hidden differences.
         */
        readonly hidden: number;
    };
}
