import io.driftmgr.State
import java.util.concurrent.Callable
import java.util.concurrent.Executors
import kotlin.io.path.Path
import kotlin.io.path.readBytes
import kotlin.test.Test
import kotlin.test.assertEquals
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
    fun `20 000 calls leave memory as it was`() = runBlocking(Dispatchers.Default) {
        val bytes = Path(quickstart).resolve("terraform.tfstate").readBytes()
        suspend fun calls(count: Int) = repeat(count) { round ->
            State.parse("leak", bytes).use { state ->
                state.list()
                state.health()
                state.inspect()
            }
            if (round % 100 == 0) client.open(quickstart).use { it.workspace }
        }
        // Three native calls a round.
        calls(2_000)
        System.gc()
        val before = resident()
        calls(7_000)
        System.gc()
        val grown = resident() - before
        println("memory: $before MB after 6,000 calls, $grown MB more after 21,000 further calls")
        assertTrue(grown < 40, "$grown MB more after 21,000 calls; it was $before MB")
    }

    @Test
    fun `objects that nobody closed are freed when they are collected`() {
        val bytes = Path(quickstart).resolve("terraform.tfstate").readBytes()
        repeat(2_000) { State.parse("leak", bytes) }
        System.gc()
        val before = resident()
        repeat(10) {
            repeat(1_000) { State.parse("leak", bytes) }
            System.gc()
            Thread.sleep(50)
        }
        val grown = resident() - before
        println("memory: $grown MB more after 10,000 objects that nobody closed")
        assertTrue(grown < 60, "$grown MB more; it was $before MB")
    }
}
