// Written by scripts/types.mjs from schemas/driftmgr-settings.schema.json.

import type { JsonObject, JsonValue } from '../exchange.js';

/**
 * Settings of driftmgr, in the file driftmgr.yaml.
 */
export type DriftmgrYaml = {
    /**
     * Keys of `app`.
     */
    readonly app?: {
        /**
         * What the project is called, in the log and in `doctor`.
         */
        readonly name?: string;
        /**
         * What the project's environment is called, in the log and in `doctor`.
         */
        readonly environment?: string;
        /**
         * What is logged on standard error; DRIFTMGR_LOG and -vv win.
         */
        readonly log_level?: 'off' | 'error' | 'warn' | 'info' | 'debug' | 'trace';
    } | null;
    /**
     * Keys of `drift`.
     */
    readonly drift?: {
        /**
         * How much of what was found is shown: high hides only what is proven to mean nothing, low also what is only presumed to.
         */
        readonly sensitivity?: 'low' | 'medium' | 'high';
        /**
         * Whether differences that mean nothing are recognised and hidden; without it only what the provider itself plans no change for is hidden, whatever the sensitivity.
         */
        readonly smart_filter?: boolean;
        /**
         * Keys of tags and labels whose changes are not shown.
         */
        readonly ignore_tags?: readonly string[];
        /**
         * Tags that a policy requires: their changes are important.
         */
        readonly required_tags?: readonly string[];
        /**
         * Differences that are expected, with the reason and a last day.
         */
        readonly ignore?: readonly {
            readonly [k: string]: JsonValue;
        }[];
        /**
         * How much differences matter, before the built-in rules.
         */
        readonly severity?: readonly {
            /**
             * Resource types, with `*` and `|`.
             */
            readonly type: string;
            /**
             * Attribute names from the top, joined by dots, with `*` and `|`; without it the rule is about deletion.
             */
            readonly path?: string;
            /**
             * Which way the attribute has to change.
             */
            readonly when?: JsonObject;
            /**
             * How much it matters.
             */
            readonly severity: 'informational' | 'important' | 'critical';
            /**
             * What it is about.
             */
            readonly category: 'exposure' | 'encryption' | 'public_access' | 'authentication' | 'logging' | 'backup' | 'capacity' | 'network' | 'version' | 'metadata' | 'other';
            /**
             * Why it matters.
             */
            readonly reason: string;
        }[];
        /**
         * Notations in which two different values mean the same.
         */
        readonly equal?: readonly {
            /**
             * Resource types, with `*`.
             */
            readonly type: string;
            /**
             * Attribute names from the top, joined by dots, with `*`.
             */
            readonly path: string;
            /**
             * The notation in which both sides are read.
             */
            readonly as: 'json' | 'yaml' | 'policy' | 'trust_policy' | 'container_definitions' | 'set' | 'cidr' | 'address' | 'protocol' | 'arn' | 'case' | 'host' | 'place' | 'uuid' | 'url' | 'trailing' | 'duration' | 'clock' | 'number' | 'scalar' | 'timestamp' | 'empty';
            /**
             * Why both mean the same.
             */
            readonly reason: string;
        }[];
        /**
         * The file of differences that are known.
         */
        readonly baseline?: string;
        /**
         * Exit with 2 on drift of this severity or above, and with 3 when something could not be looked at.
         */
        readonly fail_on?: 'informational' | 'important' | 'critical';
        /**
         * How many instances are read at a time from each provider, always; as many as make it faster unless set.
         */
        readonly parallelism?: number;
        /**
         * How long a run may take.
         */
        readonly timeout?: string | number;
        /**
         * How long the read of one instance may take.
         */
        readonly read_timeout?: string | number;
        /**
         * Whether provider plugins may be run: native code, with your credentials.
         */
        readonly plugins?: boolean;
    } | null;
    /**
     * Keys of `output`.
     */
    readonly output?: {
        /**
         * The format on standard output, but for `state inspect`, whose JSON holds secret values.
         */
        readonly format?: 'text' | 'json';
        /**
         * When there is colour; NO_COLOR and CLICOLOR_FORCE win.
         */
        readonly color?: 'auto' | 'always' | 'never';
    } | null;
    /**
     * Keys of `history`.
     */
    readonly history?: {
        /**
         * Whether runs are recorded.
         */
        readonly enabled?: boolean;
        /**
         * The file that runs are recorded in.
         */
        readonly path?: string;
    } | null;
    /**
     * Keys of `performance`.
     */
    readonly performance?: {
        /**
         * How many instances are read at a time from each provider to begin with; up to ten times as many while that is faster.
         */
        readonly workers?: number;
        /**
         * How many connections are open at a time. It has no effect yet.
         */
        readonly max_connections?: number;
        /**
         * How long what was read stays in the cache. It has no effect yet.
         */
        readonly cache_ttl?: string | number;
        /**
         * How long the discovery of one account may take. It has no effect yet.
         */
        readonly discovery_timeout?: string | number;
    } | null;
    /**
     * Keys of `state_discovery`.
     */
    readonly state_discovery?: {
        /**
         * Whether states are looked for at the start. It has no effect yet.
         */
        readonly auto_scan?: boolean;
        /**
         * How often states are looked for. It has no effect yet.
         */
        readonly scan_interval?: string | number;
        /**
         * Folders in which states are looked for. It has no effect yet.
         */
        readonly scan_paths?: readonly string[];
        /**
         * Keys of `backends`.
         */
        readonly backends?: {
            /**
             * Keys of `s3`.
             */
            readonly s3?: {
                /**
                 * Whether buckets of Amazon S3 are looked through. It has no effect yet.
                 */
                readonly enabled?: boolean;
                /**
                 * Buckets of Amazon S3. It has no effect yet.
                 */
                readonly buckets?: readonly string[];
                /**
                 * Regions of the buckets. It has no effect yet.
                 */
                readonly regions?: readonly string[];
            } | null;
            /**
             * Keys of `azurerm`.
             */
            readonly azurerm?: {
                /**
                 * Whether Azure storage accounts are looked through. It has no effect yet.
                 */
                readonly enabled?: boolean;
                /**
                 * Azure storage accounts. It has no effect yet.
                 */
                readonly storage_accounts?: readonly string[];
                /**
                 * Containers of the storage accounts. It has no effect yet.
                 */
                readonly containers?: readonly string[];
            } | null;
            /**
             * Keys of `gcs`.
             */
            readonly gcs?: {
                /**
                 * Whether buckets of Google Cloud Storage are looked through. It has no effect yet.
                 */
                readonly enabled?: boolean;
                /**
                 * Buckets of Google Cloud Storage. It has no effect yet.
                 */
                readonly buckets?: readonly string[];
            } | null;
        } | null;
    } | null;
    /**
     * Keys of `perspective`.
     */
    readonly perspective?: {
        /**
         * How long a perspective stays in the cache. It has no effect yet.
         */
        readonly cache_ttl?: string | number;
        /**
         * Whether perspectives are made anew when a state changes. It has no effect yet.
         */
        readonly auto_refresh?: boolean;
        /**
         * Whether resources to import are named. It has no effect yet.
         */
        readonly adoption_recommendations?: boolean;
        /**
         * How readily two states are said to manage the same object. It has no effect yet.
         */
        readonly conflict_detection?: 'off' | 'conservative' | 'aggressive';
    } | null;
    /**
     * Keys of `visualizations`.
     */
    readonly visualizations?: {
        /**
         * Whether the view in three dimensions is offered. It has no effect yet.
         */
        readonly enable_3d?: boolean;
        /**
         * Nodes above which a graph is shown in clusters. It has no effect yet.
         */
        readonly max_nodes?: number;
        /**
         * How graphs are laid out. It has no effect yet.
         */
        readonly auto_layout?: 'force-directed' | 'layered';
        /**
         * What colours stand for. It has no effect yet.
         */
        readonly color_scheme?: 'health-based' | 'provider-based';
    } | null;
    /**
     * Keys of `providers`.
     */
    readonly providers?: {
        /**
         * Keys of `aws`.
         */
        readonly aws?: {
            /**
             * Whether accounts of AWS are discovered. It has no effect yet.
             */
            readonly enabled?: boolean;
            /**
             * Regions of AWS. It has no effect yet.
             */
            readonly regions?: readonly string[];
            /**
             * Requests a second to AWS. It has no effect yet.
             */
            readonly rate_limit?: number;
        } | null;
        /**
         * Keys of `azure`.
         */
        readonly azure?: {
            /**
             * Whether subscriptions of Azure are discovered. It has no effect yet.
             */
            readonly enabled?: boolean;
            /**
             * Subscriptions of Azure. It has no effect yet.
             */
            readonly subscriptions?: readonly string[];
            /**
             * Requests a second to Azure. It has no effect yet.
             */
            readonly rate_limit?: number;
        } | null;
        /**
         * Keys of `gcp`.
         */
        readonly gcp?: {
            /**
             * Whether projects of Google Cloud are discovered. It has no effect yet.
             */
            readonly enabled?: boolean;
            /**
             * Projects of Google Cloud. It has no effect yet.
             */
            readonly projects?: readonly string[];
            /**
             * Requests a second to Google Cloud. It has no effect yet.
             */
            readonly rate_limit?: number;
        } | null;
    } | null;
} & ({
    /**
     * Keys of `app`.
     */
    readonly app?: {
        /**
         * What the project is called, in the log and in `doctor`.
         */
        readonly name?: string;
        /**
         * What the project's environment is called, in the log and in `doctor`.
         */
        readonly environment?: string;
        /**
         * What is logged on standard error; DRIFTMGR_LOG and -vv win.
         */
        readonly log_level?: 'off' | 'error' | 'warn' | 'info' | 'debug' | 'trace';
    } | null;
    /**
     * Keys of `drift`.
     */
    readonly drift?: {
        /**
         * How much of what was found is shown: high hides only what is proven to mean nothing, low also what is only presumed to.
         */
        readonly sensitivity?: 'low' | 'medium' | 'high';
        /**
         * Whether differences that mean nothing are recognised and hidden; without it only what the provider itself plans no change for is hidden, whatever the sensitivity.
         */
        readonly smart_filter?: boolean;
        /**
         * Keys of tags and labels whose changes are not shown.
         */
        readonly ignore_tags?: readonly string[];
        /**
         * Tags that a policy requires: their changes are important.
         */
        readonly required_tags?: readonly string[];
        /**
         * Differences that are expected, with the reason and a last day.
         */
        readonly ignore?: readonly {
            readonly [k: string]: JsonValue;
        }[];
        /**
         * How much differences matter, before the built-in rules.
         */
        readonly severity?: readonly {
            /**
             * Resource types, with `*` and `|`.
             */
            readonly type: string;
            /**
             * Attribute names from the top, joined by dots, with `*` and `|`; without it the rule is about deletion.
             */
            readonly path?: string;
            /**
             * Which way the attribute has to change.
             */
            readonly when?: JsonObject;
            /**
             * How much it matters.
             */
            readonly severity: 'informational' | 'important' | 'critical';
            /**
             * What it is about.
             */
            readonly category: 'exposure' | 'encryption' | 'public_access' | 'authentication' | 'logging' | 'backup' | 'capacity' | 'network' | 'version' | 'metadata' | 'other';
            /**
             * Why it matters.
             */
            readonly reason: string;
        }[];
        /**
         * Notations in which two different values mean the same.
         */
        readonly equal?: readonly {
            /**
             * Resource types, with `*`.
             */
            readonly type: string;
            /**
             * Attribute names from the top, joined by dots, with `*`.
             */
            readonly path: string;
            /**
             * The notation in which both sides are read.
             */
            readonly as: 'json' | 'yaml' | 'policy' | 'trust_policy' | 'container_definitions' | 'set' | 'cidr' | 'address' | 'protocol' | 'arn' | 'case' | 'host' | 'place' | 'uuid' | 'url' | 'trailing' | 'duration' | 'clock' | 'number' | 'scalar' | 'timestamp' | 'empty';
            /**
             * Why both mean the same.
             */
            readonly reason: string;
        }[];
        /**
         * The file of differences that are known.
         */
        readonly baseline?: string;
        /**
         * Exit with 2 on drift of this severity or above, and with 3 when something could not be looked at.
         */
        readonly fail_on?: 'informational' | 'important' | 'critical';
        /**
         * How many instances are read at a time from each provider, always; as many as make it faster unless set.
         */
        readonly parallelism?: number;
        /**
         * How long a run may take.
         */
        readonly timeout?: string | number;
        /**
         * How long the read of one instance may take.
         */
        readonly read_timeout?: string | number;
        /**
         * Whether provider plugins may be run: native code, with your credentials.
         */
        readonly plugins?: boolean;
    } | null;
    /**
     * Keys of `output`.
     */
    readonly output?: {
        /**
         * The format on standard output, but for `state inspect`, whose JSON holds secret values.
         */
        readonly format?: 'text' | 'json';
        /**
         * When there is colour; NO_COLOR and CLICOLOR_FORCE win.
         */
        readonly color?: 'auto' | 'always' | 'never';
    } | null;
    /**
     * Keys of `history`.
     */
    readonly history?: {
        /**
         * Whether runs are recorded.
         */
        readonly enabled?: boolean;
        /**
         * The file that runs are recorded in.
         */
        readonly path?: string;
    } | null;
    /**
     * Keys of `performance`.
     */
    readonly performance?: {
        /**
         * How many instances are read at a time from each provider to begin with; up to ten times as many while that is faster.
         */
        readonly workers?: number;
        /**
         * How many connections are open at a time. It has no effect yet.
         */
        readonly max_connections?: number;
        /**
         * How long what was read stays in the cache. It has no effect yet.
         */
        readonly cache_ttl?: string | number;
        /**
         * How long the discovery of one account may take. It has no effect yet.
         */
        readonly discovery_timeout?: string | number;
    } | null;
    /**
     * Keys of `state_discovery`.
     */
    readonly state_discovery?: {
        /**
         * Whether states are looked for at the start. It has no effect yet.
         */
        readonly auto_scan?: boolean;
        /**
         * How often states are looked for. It has no effect yet.
         */
        readonly scan_interval?: string | number;
        /**
         * Folders in which states are looked for. It has no effect yet.
         */
        readonly scan_paths?: readonly string[];
        /**
         * Keys of `backends`.
         */
        readonly backends?: {
            /**
             * Keys of `s3`.
             */
            readonly s3?: {
                /**
                 * Whether buckets of Amazon S3 are looked through. It has no effect yet.
                 */
                readonly enabled?: boolean;
                /**
                 * Buckets of Amazon S3. It has no effect yet.
                 */
                readonly buckets?: readonly string[];
                /**
                 * Regions of the buckets. It has no effect yet.
                 */
                readonly regions?: readonly string[];
            } | null;
            /**
             * Keys of `azurerm`.
             */
            readonly azurerm?: {
                /**
                 * Whether Azure storage accounts are looked through. It has no effect yet.
                 */
                readonly enabled?: boolean;
                /**
                 * Azure storage accounts. It has no effect yet.
                 */
                readonly storage_accounts?: readonly string[];
                /**
                 * Containers of the storage accounts. It has no effect yet.
                 */
                readonly containers?: readonly string[];
            } | null;
            /**
             * Keys of `gcs`.
             */
            readonly gcs?: {
                /**
                 * Whether buckets of Google Cloud Storage are looked through. It has no effect yet.
                 */
                readonly enabled?: boolean;
                /**
                 * Buckets of Google Cloud Storage. It has no effect yet.
                 */
                readonly buckets?: readonly string[];
            } | null;
        } | null;
    } | null;
    /**
     * Keys of `perspective`.
     */
    readonly perspective?: {
        /**
         * How long a perspective stays in the cache. It has no effect yet.
         */
        readonly cache_ttl?: string | number;
        /**
         * Whether perspectives are made anew when a state changes. It has no effect yet.
         */
        readonly auto_refresh?: boolean;
        /**
         * Whether resources to import are named. It has no effect yet.
         */
        readonly adoption_recommendations?: boolean;
        /**
         * How readily two states are said to manage the same object. It has no effect yet.
         */
        readonly conflict_detection?: 'off' | 'conservative' | 'aggressive';
    } | null;
    /**
     * Keys of `visualizations`.
     */
    readonly visualizations?: {
        /**
         * Whether the view in three dimensions is offered. It has no effect yet.
         */
        readonly enable_3d?: boolean;
        /**
         * Nodes above which a graph is shown in clusters. It has no effect yet.
         */
        readonly max_nodes?: number;
        /**
         * How graphs are laid out. It has no effect yet.
         */
        readonly auto_layout?: 'force-directed' | 'layered';
        /**
         * What colours stand for. It has no effect yet.
         */
        readonly color_scheme?: 'health-based' | 'provider-based';
    } | null;
    /**
     * Keys of `providers`.
     */
    readonly providers?: {
        /**
         * Keys of `aws`.
         */
        readonly aws?: {
            /**
             * Whether accounts of AWS are discovered. It has no effect yet.
             */
            readonly enabled?: boolean;
            /**
             * Regions of AWS. It has no effect yet.
             */
            readonly regions?: readonly string[];
            /**
             * Requests a second to AWS. It has no effect yet.
             */
            readonly rate_limit?: number;
        } | null;
        /**
         * Keys of `azure`.
         */
        readonly azure?: {
            /**
             * Whether subscriptions of Azure are discovered. It has no effect yet.
             */
            readonly enabled?: boolean;
            /**
             * Subscriptions of Azure. It has no effect yet.
             */
            readonly subscriptions?: readonly string[];
            /**
             * Requests a second to Azure. It has no effect yet.
             */
            readonly rate_limit?: number;
        } | null;
        /**
         * Keys of `gcp`.
         */
        readonly gcp?: {
            /**
             * Whether projects of Google Cloud are discovered. It has no effect yet.
             */
            readonly enabled?: boolean;
            /**
             * Projects of Google Cloud. It has no effect yet.
             */
            readonly projects?: readonly string[];
            /**
             * Requests a second to Google Cloud. It has no effect yet.
             */
            readonly rate_limit?: number;
        } | null;
    } | null;
} | null);
