// Written by scripts/types.mjs from schemas/snapshot.schema.json.

import type { JsonValue } from '../exchange.js';

export type Nesting = 'single' | 'list' | 'set' | 'map' | 'group';
export type Found = {
    readonly outcome: 'present';
    readonly schema: number;
    readonly stored: Value;
    /**
     * Left out when it is as stored.
     */
    readonly current?: (null | boolean | string) | readonly Value[] | {
        readonly map: {
            readonly [k: string]: Value;
        };
    } | {
        readonly set: readonly Value[];
    } | {
        /**
         * The exact decimal number.
         */
        readonly number: string;
    } | {
        readonly unknown: true;
    } | {
        /**
         * The type and the value.
         *
         * @minItems 2
         * @maxItems 2
         */
        readonly dynamic: readonly [
            JsonValue,
            JsonValue
        ];
    };
    readonly verdict?: Verdict;
    readonly notes?: readonly string[];
} | {
    readonly outcome: 'absent';
    readonly schema: number;
    readonly stored: Value;
    readonly notes?: readonly string[];
} | {
    readonly outcome: 'unreadable';
    /**
     * The kind of error.
     */
    readonly kind: string;
    /**
     * Why, for people.
     */
    readonly reason: string;
};
/**
 * Null, booleans, texts and lists stand for themselves; everything else says what it is. A secret is a text that begins with hmac-sha256:.
 */
export type Value = (null | boolean | string) | readonly Value[] | {
    readonly map: {
        readonly [k: string]: Value;
    };
} | {
    readonly set: readonly Value[];
} | {
    /**
     * The exact decimal number.
     */
    readonly number: string;
} | {
    readonly unknown: true;
} | {
    /**
     * The type and the value.
     *
     * @minItems 2
     * @maxItems 2
     */
    readonly dynamic: readonly [
        JsonValue,
        JsonValue
    ];
};
/**
 * What apply would do about a difference.
 */
export type Verdict = {
    readonly apply: 'nothing';
} | {
    readonly apply: 'changes';
    readonly paths: readonly Path[];
    readonly requires_replace: readonly Path[];
} | {
    readonly apply: 'unknown';
    readonly reason: string;
};
export type Path = readonly ({
    readonly attribute: string;
} | {
    readonly key: string;
} | {
    readonly index: number;
} | {
    readonly member: Value;
})[];
/**
 * What `driftmgr snapshot save` writes: what was really there, without secrets. Within a major version fields may be added and are never renamed, so readers ignore what they do not know.
 */
export interface Snapshot {
    /**
     * The version of this format, such as 1.0.
     */
    readonly driftmgr_snapshot: string;
    /**
     * The version of driftmgr that wrote it.
     */
    readonly driftmgr_version: string;
    /**
     * When the run began.
     */
    readonly created_at: string;
    /**
     * When it ended.
     */
    readonly finished_at: string;
    /**
     * The key of the HMAC-SHA-256 that stands in the place of each secret, in base64. Drawn anew for each snapshot.
     */
    readonly key: string;
    /**
     * Schemas of resource types, by position.
     */
    readonly schemas: readonly {
        readonly version: number;
        readonly block: Block;
    }[];
    /**
     * The states that were looked at, sorted by target.
     */
    readonly targets: readonly {
        /**
         * The target as it was named.
         */
        readonly target: string;
        /**
         * The state's lineage.
         */
        readonly lineage: string;
        readonly serial: number;
        readonly providers: readonly {
            /**
             * Address of the provider configuration.
             */
            readonly address: string;
            /**
             * Source address of the provider.
             */
            readonly source: string;
            readonly version: string | null;
            readonly origin: 'plugin' | 'reattached' | 'native';
            readonly path: string | null;
        }[];
        /**
         * Sorted by address.
         */
        readonly objects: readonly {
            /**
             * Address in the state.
             */
            readonly address: string;
            /**
             * The key of a deposed object.
             */
            readonly deposed?: string;
            readonly read_at: string;
            /**
             * Keyed hash of the object in the state; empty when it is not known.
             */
            readonly digest: string;
            readonly found: Found;
        }[];
    }[];
}
export interface Block {
    readonly attributes: Attributes;
    readonly blocks: {
        readonly [k: string]: {
            readonly nesting: Nesting;
            readonly block: Block;
        };
    };
}
export interface Attributes {
    readonly [k: string]: {
        /**
         * The type as in a state's outputs: "string", ["list", "string"], …
         */
        readonly type?: JsonValue;
        readonly nesting?: Nesting;
        readonly attributes?: Attributes;
        readonly required?: true;
        readonly optional?: true;
        readonly computed?: true;
        readonly sensitive?: true;
        readonly write_only?: true;
    };
}
