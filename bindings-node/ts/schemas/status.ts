// Written by scripts/types.mjs from schemas/status.schema.json.

import type { JsonValue } from '../exchange.js';

/**
 * What `driftmgr status --format json` prints: whether targets' states can be read. No value of a credential is in it. Fields may be added within a major version and are never renamed, so readers ignore what they do not know.
 */
export interface Status {
    /**
     * Variables with credentials that are set: what they are for, and their names.
     */
    readonly credentials: readonly (readonly JsonValue[])[];
    /**
     * Files with credentials that are there.
     */
    readonly credential_files: readonly string[];
    /**
     * The targets, in the order in which they were named.
     */
    readonly targets: readonly {
        /**
         * As the caller named it, without what is secret in it.
         */
        readonly target: string;
        /**
         * Where its state is stored; null when that is not known.
         */
        readonly backend: {
            /**
             * The kind, such as s3.
             */
            readonly kind: string;
            /**
             * The place, for people.
             */
            readonly location: string;
            /**
             * What names the backend: a file and line, an initialised folder, an address.
             */
            readonly origin: string;
            /**
             * Its arguments, sorted by name.
             */
            readonly arguments: readonly {
                /**
                 * Its name.
                 */
                readonly name: string;
                /**
                 * Its value, as JSON unless it is text; null for one that is not shown, since it could be a secret.
                 */
                readonly value: string | null;
                /**
                 * What gave it: a file and line, -backend-config, an initialised folder.
                 */
                readonly origin: string;
            }[];
            /**
             * Names of the environment variables that were read for it and are set, sorted.
             */
            readonly variables: readonly string[];
            /**
             * The workspace.
             */
            readonly workspace: string;
            /**
             * What selected it, for people.
             */
            readonly workspace_origin: string;
            /**
             * What it can do.
             */
            readonly capability: {
                /**
                 * States can be written and deleted.
                 */
                readonly write: boolean;
                /**
                 * States can be locked.
                 */
                readonly lock: boolean;
                /**
                 * There are other workspaces than default.
                 */
                readonly workspaces: boolean;
                /**
                 * Old versions can be read.
                 */
                readonly versions: boolean;
                /**
                 * A write can be bound to what was read.
                 */
                readonly if_match: boolean;
                /**
                 * So many requests at a time are useful.
                 */
                readonly concurrency: number;
            };
        } | null;
        /**
         * Whether the store answered.
         */
        readonly reachable: boolean;
        /**
         * Its state; null when there is none, or it could not be read.
         */
        readonly state: {
            /**
             * Its serial.
             */
            readonly serial: number;
            /**
             * Its lineage.
             */
            readonly lineage: string;
            /**
             * The program's version that wrote it.
             */
            readonly terraform_version: string | null;
            /**
             * Its size as it is stored, in bytes.
             */
            readonly bytes: number;
            /**
             * When it was written, RFC 3339, where the store says so.
             */
            readonly modified: string | null;
            /**
             * How many resources it holds.
             */
            readonly resources: number;
            /**
             * How many instances.
             */
            readonly instances: number;
        } | null;
        /**
         * Why the store could not be reached, or what it holds not be read.
         */
        readonly problem: {
            /**
             * The kind of error.
             */
            readonly kind: string;
            /**
             * What went wrong.
             */
            readonly message: string;
            /**
             * Where, by names such as file, target or bucket.
             */
            readonly place: {
                readonly [k: string]: string;
            };
            /**
             * Ways out.
             */
            readonly hints: readonly string[];
        } | null;
    }[];
}
