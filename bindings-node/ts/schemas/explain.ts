// Written by scripts/types.mjs from schemas/explain.schema.json.

import type { DriftReport } from './drift-report.js';

/**
 * What `driftmgr explain ADDRESS --format json` prints: everything about one instance. Fields may be added within a major version and are never renamed, so readers ignore what they do not know.
 */
export interface Explanation {
    /**
     * The instance.
     */
    readonly address: string;
    /**
     * What is known without asking anybody, as labels and texts for people.
     */
    readonly facts: {
        /**
         * The state, and the instance in it.
         */
        readonly state: readonly (readonly string[])[];
        /**
         * The provider configuration, and where it comes from. Values are not shown.
         */
        readonly provider: readonly (readonly string[])[];
    };
    /**
     * The drift report of this instance.
     */
    readonly report: DriftReport;
}
