package io.driftmgr

import kotlin.time.Duration
import kotlin.time.toJavaDuration
import kotlinx.serialization.json.JsonElement

/** What `terraform show -json` says of a plan. */
public class Plan internal constructor(internal val native: NativePlan) : AutoCloseable {
    /** The version of its format, such as `1.2`. */
    public val formatVersion: String get() = native.formatVersion()

    /** Frees native memory at once. */
    override fun close(): Unit = native.close()

    public companion object {
        /** Reads a file with the JSON of a plan, of any format from 0.1 on, in UTF-8 or UTF-16. */
        public suspend fun read(path: String): Plan = Plan(onDisk { nativeReadPlan(path) })
    }
}

/** What a run found, to compare with later. */
public class Snapshot internal constructor(internal val native: NativeSnapshot) : AutoCloseable {
    /** What it holds, without any value. */
    public fun info(): SnapshotInfo = native { native.info() }

    /** Writes it to a file, over what is there. */
    public suspend fun write(path: String): Unit = onDisk { native.write(path) }

    /** Frees native memory at once. */
    override fun close(): Unit = native.close()

    public companion object {
        /** Reads a snapshot file. */
        public suspend fun read(path: String): Snapshot = Snapshot(onDisk { nativeReadSnapshot(path) })
    }
}

/** A snapshot, and the report of the run that made it. */
public data class SnapshotMade(val snapshot: Snapshot, val report: DriftReport)

/** Runs that are kept over time. */
public class History internal constructor(internal val native: NativeHistory) : AutoCloseable {
    /** Keeps what a run found. [stacks] are those that were looked at. */
    public suspend fun record(report: DriftReport, stacks: List<Stack>, timeout: Duration? = null): Recorded =
        calling(timeout, null) { native.record(report.native, stacks.map { stack -> stack.native }, it) }

    /** What the recorded runs say; everything unless something is asked. */
    public suspend fun ask(question: Question = Question(), timeout: Duration? = null): HistoryAnswer =
        calling(timeout, null) { native.ask(question, it) }

    /** Forgets the runs that ended longer ago than [age], but for the last run of each state. */
    public suspend fun prune(age: Duration, timeout: Duration? = null): Pruned {
        require(!age.isNegative()) { "age: a time from 0 was expected, not $age" }
        return calling(timeout, null) { native.prune(age.toJavaDuration(), it) }
    }

    /** Closes the file. */
    override fun close(): Unit = native.close()

    public companion object {
        /** Opens the file, or makes it, readable by the user alone. The user's own when none is named. */
        public suspend fun open(file: String? = null): History =
            History(calling(null, null) { nativeOpenHistory(file, it) })

        /** Opens a file that is there. */
        public suspend fun openExisting(file: String? = null): History =
            History(calling(null, null) { nativeOpenExistingHistory(file, it) })
    }
}

/** The settings that hold in a folder. */
public class Settings internal constructor(internal val native: NativeSettings) : AutoCloseable {
    /** What is wrong with them, each with its place. Who goes on in spite of problems works with other settings than were written. */
    public val problems: List<Problem> get() = native { native.problems() }

    /** What a person should know, that is no error. */
    public val warnings: List<String> get() = native { native.data().warnings }

    /**
     * These settings, when nothing is wrong with them.
     *
     * @throws DriftmgrException.InvalidConfig the first of [problems]
     */
    public fun orThrow(): Settings = also { native { native.require() } }

    /** Every key with its value and where that comes from. */
    public val entries: List<Setting> get() = native { native.data().settings }

    /** The files that were read, the weaker one first. */
    public val files: List<String> get() = native { native.data().files }

    /** As `driftmgr config show --format json` prints them. */
    public fun toJson(): JsonElement = native { native.toJson() }

    /** Frees native memory at once. */
    override fun close(): Unit = native.close()

    public companion object {
        /**
         * Reads the settings that hold in a folder: a `driftmgr.yaml` there or above, the user's file, the environment of this process, and
         * over all of them [overrides], keys with values as text: `"drift.timeout" to "10m"`.
         */
        public suspend fun load(folder: String = ".", overrides: Map<String, String> = emptyMap()): Settings =
            Settings(onDisk { nativeLoadSettings(folder, overrides.map { SettingOverride(it.key, it.value) }) })

        /** Reads one file over the defaults and nothing else: [problems] says what is wrong with it. */
        public suspend fun validate(file: String): Settings = Settings(onDisk { nativeValidateSettings(file) })

        /** The JSON Schema of `driftmgr.yaml`. */
        public fun schema(): JsonElement = native { nativeSettingsSchema() }
    }
}

/** A place that keeps states. [Client.backend] opens it. */
public class Backend internal constructor(internal val native: NativeBackend) : AutoCloseable {
    /** What it is and where; no secrets. */
    public val info: BackendInfo get() = native { native.info() }

    /** What it can do. */
    public val capability: Capability get() = native { native.capability() }

    /** The names of the workspaces that exist, `default` first and always there, the others sorted. */
    public suspend fun workspaces(timeout: Duration? = null): List<String> =
        calling(timeout, null) { native.workspaces(it) }

    /** The bytes of a state; null when there is none. Takes no lock. */
    public suspend fun read(at: StateRef = StateRef(), timeout: Duration? = null): RawState? =
        calling(timeout, null) { native.read(at, it) }?.let { RawState(it.bytes, it.about) }

    /** The versions of a state that can still be read, newest first. */
    public suspend fun versions(at: StateRef = StateRef(), timeout: Duration? = null): List<StateVersion> =
        calling(timeout, null) { native.versions(at, it) }

    /**
     * Replaces the bytes of a state, as they are: nothing checks that they are one.
     *
     * @throws DriftmgrException.Locked when somebody else holds the lock
     * @throws DriftmgrException.Conflict when the condition of [options] does not hold
     */
    public suspend fun write(
        bytes: ByteArray,
        at: StateRef = StateRef(),
        options: WriteOptions = WriteOptions(),
        timeout: Duration? = null,
    ): Written = calling(timeout, null) { native.write(at, bytes, options, it) }

    /** Removes a state. Removing what is not there is no error. */
    public suspend fun delete(
        at: StateRef = StateRef(),
        options: WriteOptions = WriteOptions(),
        timeout: Duration? = null,
    ): Unit = calling(timeout, null) { native.delete(at, options, it) }

    /**
     * Takes the lock of a workspace, or fails at once. [operation] says what for; whoever meets the lock reads it. The answer is its id.
     *
     * @throws DriftmgrException.Locked with `lock`, `holder`, `operation` and `since` in its place
     */
    public suspend fun lock(operation: String, at: StateRef = StateRef(), timeout: Duration? = null): String =
        taking(timeout, { native.unlock(at, it, null) }) { native.lock(at, operation, it) }

    /** Gives the lock back. */
    public suspend fun unlock(lock: String, at: StateRef = StateRef(), timeout: Duration? = null): Unit =
        calling(timeout, null) { native.unlock(at, lock, it) }

    /** Frees native memory at once. */
    override fun close(): Unit = native.close()
}

/** The bytes of a state. */
public class RawState internal constructor(
    /** As stored. */
    public val bytes: ByteArray,
    /** What is known of them. */
    public val about: StoredBytes,
) {
    override fun equals(other: Any?): Boolean =
        this === other || other is RawState && about == other.about && bytes.contentEquals(other.bytes)

    override fun hashCode(): Int = 31 * about.hashCode() + bytes.contentHashCode()

    override fun toString(): String = "RawState($about)"
}
