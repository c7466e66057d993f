// Written by scripts/types.mjs from schemas/drift-stream.schema.json.

import type { Finding, NotLookedAt, Problem, Provider, Summary } from './drift-report.js';

/**
 * One line of what `driftmgr drift --format ndjson` prints, in the manner of the machine-readable user interface of Terraform and OpenTofu. Readers pass over lines of types that they do not know. Fields may be added within a major version and are never renamed, so readers ignore what they do not know.
 */
export interface DriftStream {
    /**
     * `debug` for hidden findings, else by severity: `error`, `warn`, `info`.
     */
    readonly '@level': 'debug' | 'info' | 'warn' | 'error';
    /**
     * The line for people.
     */
    readonly '@message': string;
    /**
     * Who speaks.
     */
    readonly '@module': 'driftmgr';
    /**
     * When the line was written, or, in a report that is written at the end, when that was made: RFC 3339, in UTC, with microseconds.
     */
    readonly '@timestamp': string;
    /**
     * What the line is: `version` is the first, `summary` the last. More may come.
     */
    readonly type: 'version' | 'provider' | 'resource_drift' | 'not_looked_at' | 'diagnostic' | 'summary';
    /**
     * In `version`: the version of driftmgr.
     */
    readonly driftmgr?: string;
    /**
     * In `version`: the version of the drift report that the parts come from.
     */
    readonly format_version?: string;
    /**
     * In `version`: the version of the stream.
     */
    readonly ui?: string;
    /**
     * In `provider`: a provider configuration that was asked.
     */
    readonly provider?: Provider;
    /**
     * In `resource_drift`: the change, as Terraform's own lines of that type have it.
     */
    readonly change?: {
        /**
         * The instance.
         */
        readonly resource: {
            /**
             * Its address.
             */
            readonly addr: string;
            /**
             * Its module; empty for the root module.
             */
            readonly module: string;
            /**
             * Its address in the module.
             */
            readonly resource: string;
            /**
             * The provider's type.
             */
            readonly implied_provider: string;
            /**
             * The resource type.
             */
            readonly resource_type: string;
            /**
             * The resource's name.
             */
            readonly resource_name: string;
            /**
             * The instance's key; null without one.
             */
            readonly resource_key: string | number | null;
        };
        /**
         * What became of it.
         */
        readonly action: 'update' | 'delete' | 'move';
        /**
         * Its address in the state, where a `moved` block has changed it.
         */
        readonly previous_resource?: {
            /**
             * The address.
             */
            readonly addr: string;
        };
    };
    /**
     * In `resource_drift`: the whole finding.
     */
    readonly finding?: Finding;
    /**
     * In `not_looked_at`: an object that was not compared.
     */
    readonly not_looked_at?: NotLookedAt;
    /**
     * In `diagnostic`: the problem, as Terraform's own lines of that type have it.
     */
    readonly diagnostic?: {
        /**
         * How bad it is.
         */
        readonly severity: 'error' | 'warning';
        /**
         * What is wrong.
         */
        readonly summary: string;
        /**
         * Ways out, a line each.
         */
        readonly detail: string;
    };
    /**
     * In `diagnostic`: the problem with its place.
     */
    readonly problem?: Problem;
    /**
     * In `summary`: counts of objects.
     */
    readonly summary?: Summary;
    /**
     * In `summary`: true when everything was looked at and is in sync, false for drift, null when that is open.
     */
    readonly safe?: boolean | null;
}
