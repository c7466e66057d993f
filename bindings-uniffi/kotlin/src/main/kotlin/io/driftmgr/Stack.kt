package io.driftmgr

import kotlin.time.Duration
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.mapNotNull

/** An opened target: a state with what is known around it. [Client.open] makes it. */
public class Stack internal constructor(internal val native: NativeStack) : AutoCloseable {
    /** The target as the caller named it. */
    public val label: String get() = native { native.label() }

    /** The file the state was read from. */
    public val statePath: String get() = native { native.statePath() }

    /** The folder of the root module. */
    public val rootDir: String get() = native { native.rootDir() }

    /** The workspace, and what selected it. */
    public val workspace: WorkspaceInfo get() = native { native.workspace() }

    /** What could not be read of the configuration. The state is whole all the same. */
    public val problems: List<Problem> get() = native { native.problems() }

    /** The state. */
    public fun state(): State = State(native { native.state() })

    /** What the configuration of the root module declares; null when the folder holds none. */
    public fun configuration(): ConfigurationSummary? = native { native.configuration() }

    /** Looks at every managed instance. What cannot be looked at is in the report. */
    public suspend fun detectDrift(
        options: DriftOptions = DriftOptions(),
        timeout: Duration? = null,
        onEvent: ((Event) -> Unit)? = null,
    ): DriftReport {
        options.check()
        return DriftReport(calling(timeout, onEvent) { native.detectDrift(options, it) })
    }

    /** What is found, as it is found; the last item is the report. Each collection is a run of its own. */
    public fun driftStream(options: DriftOptions = DriftOptions(), timeout: Duration? = null): Flow<DriftItem> {
        options.check()
        return items(timeout) { native.driftStream(options, it) }
    }

    /** The differences alone, as they are found, hidden ones included. */
    public fun findings(options: DriftOptions = DriftOptions(), timeout: Duration? = null): Flow<Finding> =
        driftStream(options, timeout).mapNotNull { (it as? DriftItem.Found)?.finding }

    /** Looks at every managed instance and gives the short answer: is it safe to go on? */
    public suspend fun check(
        options: DriftOptions = DriftOptions(),
        timeout: Duration? = null,
        onEvent: ((Event) -> Unit)? = null,
    ): Check {
        options.check()
        return calling(timeout, onEvent) { native.check(options, it) }
    }

    /**
     * Looks at one instance, and says what is known of it beforehand.
     *
     * @throws DriftmgrException.InvalidInput for a text that is no address
     * @throws DriftmgrException.NotFound for an instance that the state does not have
     */
    public suspend fun explain(
        address: String,
        options: DriftOptions = DriftOptions(),
        timeout: Duration? = null,
        onEvent: ((Event) -> Unit)? = null,
    ): Explanation {
        options.check()
        return calling(timeout, onEvent) { native.explain(address, options, it) }
    }

    /**
     * The same stack, with somebody else to say what is really there instead of the providers: for [detectDrift], [driftStream], [check], [explain]
     * and [snapshot], and for those of a client that it is given to.
     */
    public fun withReality(reality: Reality): Stack = Stack(native { native.withReality(Observing(reality)) })

    /** Compares with what a plan says. */
    public suspend fun againstPlan(
        plan: Plan,
        options: DriftOptions = DriftOptions(),
        timeout: Duration? = null,
    ): DriftReport {
        options.check()
        return DriftReport(calling(timeout, null) { native.againstPlan(plan.native, options, it) })
    }

    /** Compares with what a snapshot found. */
    public suspend fun againstSnapshot(
        snapshot: Snapshot,
        options: DriftOptions = DriftOptions(),
        timeout: Duration? = null,
    ): DriftReport {
        options.check()
        return DriftReport(calling(timeout, null) { native.againstSnapshot(snapshot.native, options, it) })
    }

    /** Compares with another state as if that were reality. */
    public suspend fun againstState(
        real: State,
        options: DriftOptions = DriftOptions(),
        timeout: Duration? = null,
    ): DriftReport {
        options.check()
        return DriftReport(calling(timeout, null) { native.againstState(real.native, options, it) })
    }

    /** Looks at every managed instance and writes down what was found. */
    public suspend fun snapshot(
        options: DriftOptions = DriftOptions(),
        timeout: Duration? = null,
        onEvent: ((Event) -> Unit)? = null,
    ): SnapshotMade {
        options.check()
        val made = calling(timeout, onEvent) { native.snapshot(options, it) }
        return SnapshotMade(Snapshot(made.snapshot), DriftReport(made.report))
    }

    override fun toString(): String = "Stack($label)"

    /** Frees native memory at once. The stack must not be used afterwards. */
    override fun close(): Unit = native.close()
}

/** Part of an answer, told as soon as it holds. */
public sealed interface DriftItem {
    /** An object was looked at. */
    public data class Looked(val at: LookedAt) : DriftItem

    /** A difference, hidden ones included. The report has the same. */
    public data class Found(val finding: Finding) : DriftItem

    /** An object that was not compared. The report has the same. */
    public data class Open(val item: NotLookedAt) : DriftItem

    /** The whole answer; the last item. */
    public data class Finished(val report: DriftReport) : DriftItem
}

/** The items of a run. It ends with the collection, however that ends. */
internal fun items(timeout: Duration?, start: (NativeJob) -> NativeStream): Flow<DriftItem> = flow {
    calling(timeout, null) { job ->
        start(job).use { stream ->
            while (true) {
                when (val item = stream.next() ?: break) {
                    is NativeItem.Looked -> emit(DriftItem.Looked(item.item))
                    is NativeItem.Found -> emit(DriftItem.Found(item.item))
                    is NativeItem.Open -> emit(DriftItem.Open(item.item))
                    is NativeItem.Report -> emit(DriftItem.Finished(DriftReport(item.item)))
                }
            }
        }
    }
}
