package io.driftmgr

import kotlinx.serialization.json.JsonElement

/** A state as it was stored, and what can be said of it without asking anybody. */
public class State internal constructor(internal val native: NativeState) : AutoCloseable {
    /** What it is called. */
    public val name: String get() = native.name()

    /** The addresses of all instances, sorted; only those that are or lie below one of [addresses], when some are named. */
    public fun list(addresses: List<String> = emptyList()): List<String> = native { native.list(addresses) }

    /** What the state is, and a row for every object in it. */
    public fun inspect(): Inspection = native { native.inspect() }

    /** The outputs of the root module, sorted by name. Secrets are masked unless asked for. */
    public fun outputs(secrets: Boolean = false): Map<String, OutputValue> = native { native.outputs(secrets).toSortedMap() }

    /** The state as `terraform show -json` prints it. Secrets are masked unless asked for. */
    public fun view(secrets: Boolean = false): JsonElement = native { native.view(secrets) }

    /** The score of the state with its reasons. */
    public fun health(): Health = native { native.health() }

    /** Counts and hints. */
    public fun analyze(): StateAnalysis = native { native.analyze() }

    /** What changed from this state to another one. */
    public fun compare(after: State): Compared = native { native.compare(after.native) }

    /** The bytes of the state in format 4. */
    public fun upgrade(): ByteArray = native { native.upgrade() }

    override fun toString(): String = "State($name)"

    /** Frees native memory at once. The state must not be used afterwards. */
    override fun close(): Unit = native.close()

    public companion object {
        /**
         * Reads a state file.
         *
         * @throws DriftmgrException.NotFound when there is none
         * @throws DriftmgrException.InvalidState for one that cannot be read
         */
        public suspend fun read(path: String): State = State(onDisk { nativeReadState(path) })

        /** Reads the bytes of a state of any format from 1 to 4. [name] is what messages and results call it. */
        public fun parse(name: String, bytes: ByteArray): State = State(native { nativeParseState(name, bytes) })
    }
}
