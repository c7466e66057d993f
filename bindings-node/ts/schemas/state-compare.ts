// Written by scripts/types.mjs from schemas/state-compare.schema.json.

import type { JsonValue } from '../exchange.js';

/**
 * What `driftmgr state compare --files OLD,NEW --format json` prints. Everything is sorted by address or name. Fields may be added within a major version and are never renamed, so readers ignore what they do not know.
 */
export interface ComparisonOfTwoStates {
    /**
     * Instances that only the second state has.
     */
    readonly added: readonly string[];
    /**
     * Instances that only the first state has.
     */
    readonly removed: readonly string[];
    /**
     * Objects that differ.
     */
    readonly changed: readonly {
        /**
         * The instance, as Terraform spells it, such as `module.a["x"].aws_vpc.main[0]`.
         */
        readonly address: string;
        /**
         * The key of a deposed object; absent for the current one.
         */
        readonly deposed?: string;
        /**
         * Its attributes that differ. An object that came or went while its instance stayed is one change at the empty path.
         */
        readonly changes: readonly {
            /**
             * Where, spelled as in Terraform expressions.
             */
            readonly path: string;
            /**
             * In the first state; null where there is none. Secret parts are `(sensitive value)`.
             */
            readonly before: JsonValue;
            /**
             * In the second state; null where there is none. Secret parts are `(sensitive value)`.
             */
            readonly after: JsonValue;
            /**
             * Either value is a secret or holds one.
             */
            readonly sensitive: boolean;
        }[];
        /**
         * What else differs; absent when nothing does.
         */
        readonly metadata?: readonly {
            /**
             * Which: `status`, `schema_version` or `provider`.
             */
            readonly field: string;
            /**
             * In the first state.
             */
            readonly before: string;
            /**
             * In the second state.
             */
            readonly after: string;
        }[];
    }[];
    /**
     * Instances that are the same object under another address. Both addresses also stand in `removed` and `added`.
     */
    readonly moved: readonly {
        /**
         * The address in the first state.
         */
        readonly from: string;
        /**
         * The address in the second state.
         */
        readonly to: string;
    }[];
    /**
     * Root module outputs.
     */
    readonly outputs: {
        /**
         * Names that only the second state has.
         */
        readonly added: readonly string[];
        /**
         * Names that only the first state has.
         */
        readonly removed: readonly string[];
        /**
         * Outputs that differ.
         */
        readonly changed: readonly {
            /**
             * Its name.
             */
            readonly name: string;
            /**
             * In the first state. Secret parts are `(sensitive value)`.
             */
            readonly before: JsonValue;
            /**
             * In the second state. Secret parts are `(sensitive value)`.
             */
            readonly after: JsonValue;
            /**
             * Either value is a secret.
             */
            readonly sensitive: boolean;
        }[];
    };
}
