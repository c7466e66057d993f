// Written by scripts/types.mjs from schemas/state-analyze.schema.json.

import type { DriftReport } from './drift-report.js';

/**
 * What `driftmgr state analyze --format json` prints: what can be said about one state. Fields may be added within a major version and are never renamed, so readers ignore what they do not know.
 */
export interface StateAnalysis {
    /**
     * The state, as the caller named it.
     */
    readonly state: string;
    /**
     * The score of the state, with what was taken off.
     */
    readonly health: {
        /**
         * From 0 to 100.
         */
        readonly score: number;
        /**
         * What the score means.
         */
        readonly band: 'healthy' | 'warning' | 'critical';
        /**
         * How long ago the state was written: less than a day, a week, thirty days, or longer; null when that is not known.
         */
        readonly age: 'fresh' | 'recent' | 'stale' | 'abandoned' | null;
        /**
         * What was taken off; empty for a full score.
         */
        readonly reasons: readonly {
            /**
             * Points, a negative number.
             */
            readonly points: number;
            /**
             * Why.
             */
            readonly reason: string;
        }[];
    };
    /**
     * Counts, and what stands out.
     */
    readonly analysis: {
        /**
         * Managed resources.
         */
        readonly resources: number;
        /**
         * Data sources.
         */
        readonly data_sources: number;
        /**
         * Current objects of managed resources and data sources.
         */
        readonly instances: number;
        /**
         * Instances of managed resources by type.
         */
        readonly by_type: {
            readonly [k: string]: number;
        };
        /**
         * Instances of managed resources by the source of their provider.
         */
        readonly by_provider: {
            readonly [k: string]: number;
        };
        /**
         * Instances of managed resources by module; `root` is the root module.
         */
        readonly by_module: {
            readonly [k: string]: number;
        };
        /**
         * Instances that the next apply replaces.
         */
        readonly tainted: readonly string[];
        /**
         * Deposed objects that still have to be destroyed: the instance's address, and the object's key.
         */
        readonly deposed: readonly (readonly string[])[];
        /**
         * Addresses of resources that stand in more than one entry.
         */
        readonly split_resources: readonly string[];
        /**
         * Managed resources that have no instance any more.
         */
        readonly empty_resources: readonly string[];
        /**
         * Dependencies on what is not in the state.
         */
        readonly orphaned_dependencies: readonly {
            /**
             * The instance that depends.
             */
            readonly address: string;
            /**
             * What it depends on.
             */
            readonly dependency: string;
        }[];
        /**
         * Outputs.
         */
        readonly outputs: number;
        /**
         * Outputs that are marked as secret.
         */
        readonly sensitive_outputs: number;
        /**
         * Instances with attributes that are marked as secret.
         */
        readonly instances_with_secrets: number;
        /**
         * The objects with the largest attributes, the largest first.
         */
        readonly heaviest: readonly {
            /**
             * The instance.
             */
            readonly address: string;
            /**
             * Bytes of its attributes in the state.
             */
            readonly bytes: number;
        }[];
        /**
         * What to know before working with the state.
         */
        readonly hints: readonly string[];
    };
    /**
     * Drift was left out on request.
     */
    readonly offline: boolean;
    /**
     * The drift report of the state; null when drift was left out.
     */
    readonly drift: null | DriftReport;
}
