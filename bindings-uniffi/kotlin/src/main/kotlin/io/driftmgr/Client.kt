package io.driftmgr

import java.nio.file.Path
import kotlin.time.Duration
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.withContext
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject

/**
 * Opens states and answers questions about them.
 *
 * ```
 * val stack = Client().open("./infra")
 * val report = stack.detectDrift(timeout = 60.seconds)
 * for (finding in report.visible) println("${finding.address} ${finding.severity}")
 * ```
 *
 * Every suspending call can be cancelled: it ends when the work has ended. `timeout` ends it with [DriftmgrException.Timeout], or with what was
 * found until then; `onEvent` hears what happens, from threads of the library, and ends the call when it throws.
 *
 * Native memory is freed when an object is collected, or at once by `close`.
 *
 * @param settings what holds for its calls; the defaults unless given, since a library reads no file that nobody told it to read
 * @param keepProviders lets provider processes go on for the next run, until [endProviders] or the end of the client: for programs that look again and again.
 *   They go on with the credentials that they got; a run with another environment or other limits starts them anew
 * @param backendOptions layers over every backend that the client opens, times in seconds: `{"read_only": true}` writes, deletes and locks nothing;
 *   `rate_limit`, `circuit_breaker`, `retry` and `cache` spare the servers
 * @throws DriftmgrException.InvalidConfig for settings that cannot be followed
 * @throws DriftmgrException.InvalidInput for options of the backends that mean nothing
 */
public class Client(
    settings: Settings? = null,
    keepProviders: Boolean = false,
    backendOptions: JsonObject? = null,
) : AutoCloseable {
    internal val native: NativeClient = native { nativeNewClient(settings?.native, keepProviders, backendOptions?.toString()) }

    /** What the backends of this client were asked so far, and what its layers did. Figures only grow. */
    public fun backendMetrics(): BackendMetrics = native { native.backendMetrics() }

    /** The severity rules that hold: those of the settings, then the built-in ones. */
    public fun rules(): List<SeverityRule> = native { native.rules() }

    /** The kinds of backends that can be opened, sorted by name. */
    public fun backends(): List<BackendKind> = native { native.backends() }

    /**
     * Opens a backend by its kind and arguments, as a `backend` block has them. Relative paths in them start at [root].
     *
     * @throws DriftmgrException.Unsupported for a kind that this client does not have
     * @throws DriftmgrException.InvalidConfig for wrong arguments
     */
    public fun backend(kind: String, config: Map<String, JsonElement> = emptyMap(), root: String = "."): Backend =
        Backend(native { native.backend(kind, config, root) })

    /**
     * Opens a target: the folder of a root module, a state file, or the address of a state.
     *
     * @throws DriftmgrException.NotFound when there is nothing at the path, or the root module has no state
     * @throws DriftmgrException.InvalidState for a state that cannot be read
     */
    public suspend fun open(
        target: String,
        options: OpenOptions = OpenOptions(),
        timeout: Duration? = null,
        onEvent: ((Event) -> Unit)? = null,
    ): Stack = Stack(calling(timeout, onEvent) { native.open(target, options, it) })

    /** Opens a target by its path. */
    public suspend fun open(
        target: Path,
        options: OpenOptions = OpenOptions(),
        timeout: Duration? = null,
        onEvent: ((Event) -> Unit)? = null,
    ): Stack = open(target.toString(), options, timeout, onEvent)

    /**
     * A stored state that can be changed: of the folder of a root module, a state file, or the address of a state. It is not read yet.
     *
     * @throws DriftmgrException.NotFound when there is nothing at the path
     */
    public suspend fun manage(
        target: String,
        options: OpenOptions = OpenOptions(),
        timeout: Duration? = null,
    ): ManagedState = ManagedState(calling(timeout, null) { native.manage(target, options, it) })

    /** The same by its path. */
    public suspend fun manage(
        target: Path,
        options: OpenOptions = OpenOptions(),
        timeout: Duration? = null,
    ): ManagedState = manage(target.toString(), options, timeout)

    /** Looks at every managed instance of the stacks. What cannot be looked at is in the report. */
    public suspend fun detectDrift(
        stacks: List<Stack>,
        options: DriftOptions = DriftOptions(),
        timeout: Duration? = null,
        onEvent: ((Event) -> Unit)? = null,
    ): DriftReport {
        options.check()
        return DriftReport(calling(timeout, onEvent) { native.detectDrift(stacks.natives(), options, it) })
    }

    /** Opens targets and looks at them. One target that cannot be opened is the error; among several it is a problem of the report. */
    public suspend fun detectDriftAt(
        targets: List<String>,
        open: OpenOptions = OpenOptions(),
        options: DriftOptions = DriftOptions(),
        timeout: Duration? = null,
        onEvent: ((Event) -> Unit)? = null,
    ): Survey {
        options.check()
        val found = calling(timeout, onEvent) { native.detectDriftAt(targets, open, options, it) }
        return Survey(DriftReport(found.report), found.stacks.map(::Stack), found.unopened)
    }

    /** The same with what stands for reality. */
    public suspend fun detectDriftAgainst(
        targets: List<String>,
        against: Against,
        open: OpenOptions = OpenOptions(),
        options: DriftOptions = DriftOptions(),
        timeout: Duration? = null,
        onEvent: ((Event) -> Unit)? = null,
    ): Survey {
        options.check()
        val reality = when (against) {
            Against.Providers -> NativeAgainst.Providers
            is Against.Plan -> NativeAgainst.Plan(against.label, against.plan.native)
            is Against.Snapshot -> NativeAgainst.Snapshot(against.snapshot.native)
            is Against.State -> NativeAgainst.State(against.state.native)
        }
        val found = calling(timeout, onEvent) { native.detectDriftAgainst(targets, reality, open, options, it) }
        return Survey(DriftReport(found.report), found.stacks.map(::Stack), found.unopened)
    }

    /** What a plan says about the state that it was made from; the state itself is not needed. [label] names the plan in the report. */
    public suspend fun driftOfPlan(
        label: String,
        plan: Plan,
        options: DriftOptions = DriftOptions(),
        timeout: Duration? = null,
    ): DriftReport {
        options.check()
        return DriftReport(calling(timeout, null) { native.driftOfPlan(label, plan.native, options, it) })
    }

    /** Compares the stacks with what a snapshot found. */
    public suspend fun driftBySnapshot(
        stacks: List<Stack>,
        snapshot: Snapshot,
        options: DriftOptions = DriftOptions(),
        timeout: Duration? = null,
    ): DriftReport {
        options.check()
        return DriftReport(calling(timeout, null) { native.driftBySnapshot(stacks.natives(), snapshot.native, options, it) })
    }

    /**
     * Writes a state file of an older format anew in format 4, under its lock; what was there is kept beside it as `FILE.backup`. Gives the
     * format that it had, or null when nothing was written.
     *
     * @throws DriftmgrException.Locked when somebody else holds the lock of the state
     */
    public suspend fun upgradeState(file: String, timeout: Duration? = null): Int? =
        calling(timeout, null) { native.upgradeState(file, it) }

    /** What is found, as it is found; the last item is the report. Each collection is a run of its own. */
    public fun driftStream(
        stacks: List<Stack>,
        options: DriftOptions = DriftOptions(),
        timeout: Duration? = null,
    ): Flow<DriftItem> {
        options.check()
        return items(timeout) { native.driftStream(stacks.natives(), options, it) }
    }

    /** Looks at every managed instance of the stacks and writes down what was found. */
    public suspend fun snapshot(
        stacks: List<Stack>,
        options: DriftOptions = DriftOptions(),
        timeout: Duration? = null,
        onEvent: ((Event) -> Unit)? = null,
    ): SnapshotMade {
        options.check()
        val made = calling(timeout, onEvent) { native.snapshot(stacks.natives(), options, it) }
        return SnapshotMade(Snapshot(made.snapshot), DriftReport(made.report))
    }

    /** Ends the provider processes that were kept; the next run starts them anew. Does nothing unless the client keeps them. */
    public suspend fun endProviders(timeout: Duration? = null) {
        calling(timeout, null) { native.endProviders(it) }
    }

    /** What this machine offers, and for each target the binary of every provider. Nothing is started and nothing is written. */
    public suspend fun doctor(targets: List<String> = emptyList(), timeout: Duration? = null): Diagnosis =
        calling(timeout, null) { native.doctor(targets, it) }

    /** Whether each target's state can be read, and what its backend is configured by. No lock is taken and nothing is written. */
    public suspend fun status(
        targets: List<String> = listOf("."),
        open: OpenOptions = OpenOptions(),
        timeout: Duration? = null,
    ): Status = calling(timeout, null) { native.status(targets, open, it) }

    /** Frees native memory at once. The client must not be used afterwards; its stacks and states may. */
    override fun close(): Unit = native.close()

    public companion object {
        /** What this build is. */
        public fun version(): Version = native { nativeVersion() }
    }
}

/** What stands for reality. */
public sealed interface Against {
    /** The providers are asked. */
    public data object Providers : Against

    /** A plan: it needs no target, and takes one at most. [label] is what its own state is called in the report. */
    public data class Plan(val label: String, val plan: io.driftmgr.Plan) : Against

    /** What a snapshot found. */
    public data class Snapshot(val snapshot: io.driftmgr.Snapshot) : Against

    /** Another state, for one target. */
    public data class State(val state: io.driftmgr.State) : Against
}

/** What a run over many targets gave. */
public data class Survey(
    /** The report. Targets that could not be opened are among its problems, each with its `target`. */
    val report: DriftReport,
    /** The targets that could be opened, in the order in which they were named. */
    val stacks: List<Stack>,
    /** Those that could not. */
    val unopened: List<String>,
)

private fun List<Stack>.natives(): List<NativeStack> = map { it.native }

/** Refuses what has no meaning before anything is started. */
internal fun DriftOptions.check() {
    require(parallelism == null || parallelism > 0) { "parallelism: a number from 1 was expected, not $parallelism" }
    require(readTimeout == null || !readTimeout.isNegative) { "readTimeout: a time from 0 was expected, not $readTimeout" }
}

/** Work on files, off the caller's thread. */
internal suspend fun <T> onDisk(work: () -> T): T = withContext(Dispatchers.IO) { native(work) }
