// Written by scripts/types.mjs from schemas/state-change.schema.json.

/**
 * What `driftmgr state push|mv|rm|replace-provider|rollback|restore|migrate --format json` print: what a change of a stored state did, or would do. Fields may be added within a major version and are never renamed, so readers ignore what they do not know.
 */
export interface StateChange {
    /**
     * Whether anything was written. False for a dry run, and when there was nothing to change.
     */
    readonly written: boolean;
    /**
     * The serial before; null when there was no state.
     */
    readonly serial_before: number | null;
    /**
     * The serial after.
     */
    readonly serial: number;
    /**
     * What an edit changes, sorted by where it was. Empty for a push, a rollback, a restore and a migration.
     */
    readonly changes: readonly Change[];
    /**
     * Addresses that were asked for beside others and match nothing.
     */
    readonly unmatched: readonly string[];
    /**
     * The version that keeps what was there before, for `state rollback`; null when nothing was there or written.
     */
    readonly backup: string | null;
}
/**
 * One thing that an edit changes.
 */
export interface Change {
    /**
     * What happens. `moved`: an instance stands at another address. `moved_empty`: a resource without instances does. `removed`: an instance is forgotten. `provider_replaced`: a resource belongs to another provider. `provider_changed`: an instance that was moved does. `imported`: an object was taken in. `dependencies_dropped`: the dependencies that are stored with an instance named what was moved; the next apply writes them anew.
     */
    readonly change: 'moved' | 'moved_empty' | 'removed' | 'provider_replaced' | 'provider_changed' | 'imported' | 'dependencies_dropped';
    /**
     * The instance, for `removed`, `provider_changed`, `imported` and `dependencies_dropped`; of those that stay, its new address.
     */
    readonly address?: string;
    /**
     * The resource, for `provider_replaced`.
     */
    readonly resource?: string;
    /**
     * The address or provider configuration before.
     */
    readonly from?: string;
    /**
     * The address or provider configuration after.
     */
    readonly to?: string;
}
