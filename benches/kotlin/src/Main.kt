import io.driftmgr.Client
import io.driftmgr.DriftOptions
import io.driftmgr.State
import java.io.File
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.DurationUnit
import kotlin.time.TimeSource
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.runBlocking

private const val ROUNDS = 15
private val round = 50.milliseconds
private val warmUp = 2.seconds

/** Takes the folder of a root module and the file that `calls.rs` wrote; prints a table of what the same calls take from Kotlin. */
fun main(arguments: Array<String>): Unit = runBlocking(Dispatchers.Default) {
    val (root, figures) = arguments
    val rust = File(figures).readLines().associate { it.substringBefore('\t') to it.substringAfter('\t').toDouble() }

    val bytes = File(root, "terraform.tfstate").readBytes()
    val state = State.parse("bench", bytes)
    val client = Client()
    val stack = client.open(root)
    val offline = DriftOptions(plugins = false)
    val kotlin = mapOf(
        "state.name" to timed { state.name },
        "state.list" to timed { state.list() },
        "state.inspect" to timed { state.inspect() },
        "State.parse" to timed { State.parse("bench", bytes).close() },
        "client.open" to timed { client.open(root).close() },
        "stack.detectDrift" to timed { stack.detectDrift(offline).close() },
    )

    println("| call | Rust, µs | Kotlin, µs | more, µs |")
    println("|---|---:|---:|---:|")
    for ((name, nanoseconds) in kotlin) {
        val alone = rust.getValue(name)
        println("| `%s` | %.2f | %.2f | %.2f |".format(name, alone / 1e3, nanoseconds / 1e3, (nanoseconds - alone) / 1e3))
    }
}

/** Nanoseconds of a call: the median of several rounds, each of many calls. */
private suspend fun timed(call: suspend () -> Unit): Double {
    suspend fun round(calls: Int): Duration {
        val begun = TimeSource.Monotonic.markNow()
        repeat(calls) { call() }
        return begun.elapsedNow()
    }
    val begun = TimeSource.Monotonic.markNow()
    while (begun.elapsedNow() < warmUp) call()
    var calls = 1
    while (round(calls) < round) calls *= 2
    val rounds = List(ROUNDS) { round(calls) }.sorted()
    return rounds[ROUNDS / 2].toDouble(DurationUnit.NANOSECONDS) / calls
}
