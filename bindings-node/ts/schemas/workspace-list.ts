// Written by scripts/types.mjs from schemas/workspace-list.schema.json.

/**
 * What `driftmgr workspace list --format json` prints. Fields may be added within a major version and are never renamed, so readers ignore what they do not know.
 */
export interface WorkspaceList {
    /**
     * The workspace that is selected; it need not exist.
     */
    readonly selected: string;
    /**
     * Those that exist: `default` first, the others sorted.
     */
    readonly workspaces: readonly string[];
}
