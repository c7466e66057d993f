// Written by scripts/types.mjs from schemas/doctor.schema.json.

import type { JsonValue } from '../exchange.js';

/**
 * What `driftmgr doctor --format json` prints: what this machine offers. No value of a credential is in it. Fields may be added within a major version and are never renamed, so readers ignore what they do not know.
 */
export interface Diagnosis {
    /**
     * The settings that apply; `driftmgr config show` shows them all.
     */
    readonly settings: {
        /**
         * The files that were read.
         */
        readonly files: readonly string[];
        /**
         * `app.name`.
         */
        readonly name: string | null;
        /**
         * `app.environment`.
         */
        readonly environment: string | null;
    };
    /**
     * What does not depend on a target.
     */
    readonly machine: {
        /**
         * The version of driftmgr.
         */
        readonly version: string;
        /**
         * Optional parts of this build.
         */
        readonly features: readonly string[];
        /**
         * The operating system.
         */
        readonly os: string;
        /**
         * The processor's architecture.
         */
        readonly arch: string;
        /**
         * The folder that the command works in.
         */
        readonly current_dir: string;
        /**
         * Kinds of backends that states can be read from.
         */
        readonly backends: readonly string[];
        /**
         * Names of variables that are set and that Terraform or driftmgr read.
         */
        readonly variables: readonly string[];
        /**
         * CLI configurations, by program.
         */
        readonly cli_config: readonly {
            /**
             * The program.
             */
            readonly program: string;
            /**
             * The files it was read from.
             */
            readonly files: readonly string[];
            /**
             * Why it could not be read, or null.
             */
            readonly problem: string | null;
        }[];
        /**
         * Driftmgr's own cache; null without one.
         */
        readonly cache: {
            /**
             * Where it is.
             */
            readonly folder: string;
            /**
             * How many files it holds.
             */
            readonly files: number;
            /**
             * How many bytes they take.
             */
            readonly bytes: number;
        } | null;
        /**
         * Variables with credentials that are set: what they are for, and their names.
         */
        readonly credentials: readonly (readonly JsonValue[])[];
        /**
         * Files with credentials that exist.
         */
        readonly credential_files: readonly string[];
    };
    /**
     * What each target would use.
     */
    readonly targets: readonly {
        /**
         * The target, as the caller named it.
         */
        readonly target: string;
        /**
         * The folder of its root module.
         */
        readonly root: string;
        /**
         * The workspace.
         */
        readonly workspace: string;
        /**
         * What selected the workspace.
         */
        readonly workspace_origin: string;
        /**
         * The kind of backend that is declared; null for none.
         */
        readonly backend: string | null;
        /**
         * The providers it needs.
         */
        readonly providers: readonly {
            /**
             * The provider's source address.
             */
            readonly source: string;
            /**
             * Who needs it: `configuration`, `lock file`, `state`.
             */
            readonly wanted_by: readonly string[];
            /**
             * The binary that would run; null when none was found.
             */
            readonly path: string | null;
            /**
             * The binary's version; null when it is not known.
             */
            readonly version: string | null;
            /**
             * Where the binary was found.
             */
            readonly place: string | null;
            /**
             * What the binary was verified against.
             */
            readonly verified: string | null;
            /**
             * Some of its types are read without a binary.
             */
            readonly native: boolean;
            /**
             * Why it could not be found, or null.
             */
            readonly problem: string | null;
            /**
             * Where it was looked for.
             */
            readonly looked: readonly string[];
            /**
             * Ways out.
             */
            readonly hints: readonly string[];
        }[];
        /**
         * What could not be read of the target.
         */
        readonly problems: readonly string[];
    }[];
}
