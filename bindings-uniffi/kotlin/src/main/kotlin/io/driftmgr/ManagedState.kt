package io.driftmgr

import kotlin.time.Duration
import kotlin.time.toJavaDuration

/**
 * A state where it is stored, to be changed. [Client.manage] opens it.
 *
 * Every change takes the lock that Terraform takes, reads the state under it, keeps what was there, writes the new state under the condition that
 * nobody else wrote, reads it back and compares. When that check fails, the old state is put back.
 *
 * ```
 * val state = client.manage("./infra")
 * val told = state.mv("aws_vpc.main", "module.net.aws_vpc.main", ChangeOptions(dryRun = true))
 * for (change in told.changes) println(change)
 * ```
 *
 * A call that is cancelled or whose `timeout` is over gives its lock back before it ends. While it waits for somebody else's lock, a timeout ends it with
 * [DriftmgrException.Locked], which names the holder.
 */
public class ManagedState internal constructor(internal val native: NativeManagedState) : AutoCloseable {
    /** What messages and results call it. */
    public val label: String get() = native { native.label() }

    /** The name of its workspace. */
    public val workspace: String get() = native { native.workspace() }

    /** Where it is stored; no secrets. */
    public val info: BackendInfo get() = native { native.info() }

    /** What its backend can do. */
    public val capability: Capability get() = native { native.capability() }

    /** The bytes of the state, decrypted, as they stand otherwise; null when there is none. Takes no lock. */
    public suspend fun pull(timeout: Duration? = null): ByteArray? = calling(timeout, null) { native.pull(it) }

    /**
     * The state, or one of its [versions].
     *
     * @throws DriftmgrException.NotFound when there is none
     */
    public suspend fun state(version: String? = null, timeout: Duration? = null): State =
        State(calling(timeout, null) { native.state(version, it) })

    /** What can still be read of its past, the newest first: versions of the backend, and backups and snapshots on this machine. */
    public suspend fun versions(timeout: Duration? = null): List<HistoricVersion> =
        calling(timeout, null) { native.versions(it) }

    /** What changed from one version to another; null is the current state. */
    public suspend fun diff(from: String? = null, to: String? = null, timeout: Duration? = null): Compared =
        calling(timeout, null) { native.diff(from, to, it) }

    /**
     * Writes a state as it is, by the rules of `terraform state push`: the same lineage, and a serial that is not lower. One that says the same with
     * the same serial is not written again.
     *
     * @throws DriftmgrException.Conflict for a state that may not follow the one that is there; `force` allows it
     * @throws DriftmgrException.InvalidState for what is no state; nothing forces that
     * @throws DriftmgrException.Locked when somebody else holds the lock
     */
    public suspend fun push(
        bytes: ByteArray,
        options: ChangeOptions = ChangeOptions(),
        timeout: Duration? = null,
    ): Changed = changing(options, timeout) { native.push(bytes, options, it) }

    /**
     * Makes one of its [versions] the next state: with the lineage of the current one and the serial after it.
     *
     * @throws DriftmgrException.NotFound for a version of none
     */
    public suspend fun rollback(
        version: String,
        options: ChangeOptions = ChangeOptions(),
        timeout: Duration? = null,
    ): Changed = changing(options, timeout) { native.rollback(version, options, it) }

    /**
     * Makes a state that was kept elsewhere the next one: with the lineage of the current one and the serial after it. Where there is no state, it is
     * written as it is.
     *
     * @throws DriftmgrException.Conflict for a state of another lineage; `force` allows it
     */
    public suspend fun restore(
        bytes: ByteArray,
        options: ChangeOptions = ChangeOptions(),
        timeout: Duration? = null,
    ): Changed = changing(options, timeout) { native.restore(bytes, options, it) }

    /** Keeps the current state on this machine, without changing it; gives the id of the version. */
    public suspend fun snapshot(timeout: Duration? = null): String = calling(timeout, null) { native.snapshot(it) }

    /**
     * Moves an instance, a resource or a module to another address, as `terraform state mv`.
     *
     * @throws DriftmgrException.NotFound when nothing is at [from]
     * @throws DriftmgrException.InvalidInput for what cannot be moved there
     */
    public suspend fun mv(
        from: String,
        to: String,
        options: ChangeOptions = ChangeOptions(),
        timeout: Duration? = null,
    ): Changed = changing(options, timeout) { native.mv(from, to, options, it) }

    /** Forgets instances, resources and modules, as `terraform state rm`. The real objects are left alone. */
    public suspend fun rm(
        addresses: List<String>,
        options: ChangeOptions = ChangeOptions(),
        timeout: Duration? = null,
    ): Changed = changing(options, timeout) { native.rm(addresses, options, it) }

    /** Gives all resources of one provider to another one, as `terraform state replace-provider`. */
    public suspend fun replaceProvider(
        from: String,
        to: String,
        options: ChangeOptions = ChangeOptions(),
        timeout: Duration? = null,
    ): Changed = changing(options, timeout) { native.replaceProvider(from, to, options, it) }

    /**
     * Takes in an object that exists, at an address where nothing is; what it is, the provider was asked before. [provider] is its provider
     * configuration, such as `provider["registry.terraform.io/hashicorp/aws"]`, and [json] what a state of format 4 says of an instance:
     * `attributes`, `schema_version`, and where there are any `sensitive_attributes`, `private`, `identity`, `dependencies`.
     *
     * @throws DriftmgrException.Conflict when something is at the address
     * @throws DriftmgrException.InvalidState for an object that is none
     */
    public suspend fun importObject(
        address: String,
        provider: String,
        json: String,
        options: ChangeOptions = ChangeOptions(),
        timeout: Duration? = null,
    ): Changed = changing(options, timeout) { native.importObject(address, provider, json, options, it) }

    /**
     * Copies the state to another place as it is, with its lineage and serial, encrypted as that place's configuration says. Both are locked
     * meanwhile, this one where it can be; it is left as it is. What is there must be a state that this one may follow, as for [push].
     *
     * @throws DriftmgrException.InvalidInput when both are the same place
     * @throws DriftmgrException.NotFound when there is no state here
     */
    public suspend fun copyTo(
        to: ManagedState,
        options: ChangeOptions = ChangeOptions(),
        timeout: Duration? = null,
    ): Changed = changing(options, timeout) { native.copyTo(to.native, options, it) }

    /**
     * Deletes the state, under its lock; gives the id of the backup that keeps it on this machine, null when there was no state.
     *
     * @throws DriftmgrException.Conflict when it holds resources: the real objects would be left without a state. `force` allows it
     */
    public suspend fun delete(options: ChangeOptions = ChangeOptions(), timeout: Duration? = null): String? =
        changing(options, timeout) { native.delete(options, it) }

    /**
     * Takes the lock; while somebody else holds it, tries again for as long as [lockTimeout]. [operation] says what for; whoever meets the lock
     * reads it. The answer is its id. A coroutine that is cancelled meanwhile has no lock.
     *
     * @throws DriftmgrException.Locked with `lock`, `holder`, `operation` and `since` in its place
     * @throws DriftmgrException.Unsupported where the backend cannot lock
     */
    public suspend fun lock(
        operation: String,
        lockTimeout: Duration = Duration.ZERO,
        timeout: Duration? = null,
    ): String {
        require(!lockTimeout.isNegative()) { "lockTimeout: a time from 0 was expected, not $lockTimeout" }
        return taking(timeout, { native.unlock(it, null) }) { native.lock(operation, lockTimeout.toJavaDuration(), it) }
    }

    /**
     * Gives a lock back. With the id of somebody else's lock, as [DriftmgrException.Locked] names it, that lock is broken: only when its holder is
     * known to be gone.
     *
     * @throws DriftmgrException.Conflict when this is not the lock that is held
     */
    public suspend fun unlock(lock: String, timeout: Duration? = null): Unit =
        calling(timeout, null) { native.unlock(lock, it) }

    /** The names of all workspaces beside this one, itself among them where it exists: `default` first, the others sorted. */
    public suspend fun workspaces(timeout: Duration? = null): List<String> =
        calling(timeout, null) { native.workspaces(it) }

    /**
     * The state of another workspace of the same configuration; it need not exist.
     *
     * @throws DriftmgrException.InvalidInput for what is no name
     * @throws DriftmgrException.Unsupported where there is no other workspace than `default`
     */
    public fun inWorkspace(name: String): ManagedState = ManagedState(native { native.inWorkspace(name) })

    /**
     * Makes another workspace, with an empty state as Terraform makes it.
     *
     * @throws DriftmgrException.Conflict when it exists
     */
    public suspend fun createWorkspace(
        name: String,
        options: ChangeOptions = ChangeOptions(),
        timeout: Duration? = null,
    ): ManagedState = ManagedState(changing(options, timeout) { native.createWorkspace(name, options, it) })

    /**
     * Deletes another workspace with its state; gives the id of the backup, as [delete] does.
     *
     * @throws DriftmgrException.InvalidInput for `default`, which always exists
     * @throws DriftmgrException.NotFound when there is none of this name
     * @throws DriftmgrException.Conflict when its state holds resources; `force` allows it
     */
    public suspend fun deleteWorkspace(
        name: String,
        options: ChangeOptions = ChangeOptions(),
        timeout: Duration? = null,
    ): String? = changing(options, timeout) { native.deleteWorkspace(name, options, it) }

    override fun toString(): String = "ManagedState($label, $workspace)"

    /** Frees native memory at once. The state must not be used afterwards. */
    override fun close(): Unit = native.close()
}

/** Refuses what has no meaning before anything is started. */
private suspend fun <T> changing(options: ChangeOptions, timeout: Duration?, call: suspend (NativeJob) -> T): T {
    val wait = options.lockTimeout
    require(wait == null || !wait.isNegative) { "lockTimeout: a time from 0 was expected, not $wait" }
    return calling(timeout, null, call)
}
