// Written by scripts/types.mjs from schemas/state-history.schema.json.

/**
 * What `driftmgr state history --format json` prints: the versions of a stored state that can be read again, the current one first, then the newest. Fields may be added within a major version and are never renamed, so readers ignore what they do not know.
 */
export type StateHistory = readonly Version[];
/**
 * A version that can be read again.
 */
export interface Version {
    /**
     * For `state pull --version`, `state diff` and `state rollback`.
     */
    readonly id: string;
    /**
     * `backend`: a version of the object, or a backup beside the file. `backup`: a file of this machine, from before a change or from `state snapshot`.
     */
    readonly kept_by: 'backend' | 'backup';
    /**
     * When it was written, in RFC 3339; null when that is not known.
     */
    readonly modified: string | null;
    /**
     * Its size in bytes; null when that is not known.
     */
    readonly size: number | null;
    /**
     * It is the current one.
     */
    readonly latest: boolean;
}
