import io.driftmgr.DriftmgrException
import io.driftmgr.State
import io.driftmgr.formatOf
import java.util.concurrent.Callable
import java.util.concurrent.Executors
import java.util.concurrent.atomic.AtomicBoolean
import kotlin.concurrent.thread
import kotlin.io.path.Path
import kotlin.io.path.readBytes
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.runBlocking

/** Many calls and many threads. */
class LoadTest {
    @Test
    fun `64 threads have the same answers as one`() {
        val expected = runBlocking { client.open(quickstart).detectDrift(offline) }
        val threads = Executors.newFixedThreadPool(64)
        try {
            val answers = threads.invokeAll(
                List(256) { Callable { runBlocking { client.open(quickstart).use { it.detectDrift(offline) } } } },
            )
            for (answer in answers) assertEquals(expected, answer.get())
        } finally {
            threads.shutdownNow()
        }
    }

    @Test
    fun `one stack serves many coroutines`() = runBlocking(Dispatchers.Default) {
        val stack = client.open(quickstart)
        val checks = List(200) { async { stack.check(offline) } }.awaitAll()
        assertEquals(setOf(checks.first()), checks.toSet())
    }

    @Test
    fun `100 000 calls leave memory as it was`() = runBlocking(Dispatchers.Default) {
        val bytes = Path(quickstart).resolve("terraform.tfstate").readBytes()
        var calls = 0
        // Texts, lists, records, errors, objects and asynchronous calls all cross the border.
        suspend fun call(until: Int) {
            while (calls < until) {
                State.parse("leak", bytes).use { state ->
                    repeat(80) { state.name }
                    repeat(3) { state.list() }
                    state.inspect()
                }
                assertFailsWith<DriftmgrException.InvalidInput> { formatOf("none") }
                calls += 86
                if (calls % 8_600 == 0) {
                    client.open(quickstart).use { it.workspace }
                    calls += 2
                }
            }
        }
        call(until = 20_000)
        System.gc()
        val before = resident()
        for (until in 40_000..120_000 step 20_000) {
            call(until)
            System.gc()
            println("memory: ${resident()} MB after $until calls")
        }
        val grown = resident() - before
        println("memory: $before MB after 20,000 calls, $grown MB more after 100,000 further calls")
        assertTrue(grown < 40, "$grown MB more after 100,000 calls; it was $before MB")
    }

    @Test
    fun `answers are the same while the collector is busy`() = runBlocking(Dispatchers.Default) {
        val expected = client.open(quickstart).detectDrift(offline)
        val busy = AtomicBoolean(true)
        val garbage = List(2) {
            thread {
                val kept = ArrayDeque<ByteArray>()
                while (busy.get()) {
                    kept += ByteArray(100_000)
                    if (kept.size > 200) kept.clear()
                }
            }
        }
        val collector = thread { while (busy.get()) { System.gc(); Thread.sleep(5) } }
        try {
            // Nothing is closed here: objects are collected while others are in use.
            val answers = List(40) { async { client.open(quickstart).detectDrift(offline) } }.awaitAll()
            for (answer in answers) assertEquals(expected, answer)
        } finally {
            busy.set(false)
            (garbage + collector).forEach(Thread::join)
        }
    }

    @Test
    fun `objects that nobody closed are freed when they are collected`() {
        val bytes = Path(quickstart).resolve("terraform.tfstate").readBytes()
        repeat(500) { State.parse("leak", bytes) }
        System.gc()
        val before = resident()
        repeat(10) {
            repeat(150) { State.parse("leak", bytes) }
            System.gc()
            Thread.sleep(50)
        }
        val grown = resident() - before
        println("memory: $grown MB more after 1,500 objects that nobody closed")
        assertTrue(grown < 40, "$grown MB more; it was $before MB")
    }
}
