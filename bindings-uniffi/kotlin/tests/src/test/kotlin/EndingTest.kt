import io.driftmgr.DriftItem
import io.driftmgr.DriftmgrException
import io.driftmgr.Event
import io.driftmgr.Listener
import io.driftmgr.NativeJob
import io.driftmgr.OpenOptions
import io.driftmgr.InternalException
import io.driftmgr.nativeNewClient
import io.driftmgr.NativeFailure
import java.util.concurrent.atomic.AtomicInteger
import kotlin.random.Random
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue
import kotlin.time.Duration
import kotlin.time.TimeSource
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout

/** Cancellation, listeners that fail, and panics. */
class EndingTest {
    private val many = stateOfFiles(1_500).toString()

    @Test
    fun `a cancelled coroutine ends the run, and returns when it has ended`() = runBlocking(Dispatchers.Default) {
        val stack = client.open(many)
        val begun = CompletableDeferred<Unit>()
        val heard = AtomicInteger()
        val run = launch {
            stack.detectDrift(offline) {
                heard.incrementAndGet()
                begun.complete(Unit)
            }
        }
        begun.await()
        withTimeout(20_000) { run.cancelAndJoin() }
        assertTrue(run.isCancelled)
        val then = heard.get()
        delay(200)
        assertEquals(then, heard.get(), "the run went on after the coroutine had ended")
    }

    @Test
    fun `cancelling at any point neither hangs nor crashes`() = runBlocking(Dispatchers.Default) {
        val random = Random(7)
        val stack = client.open(many)
        repeat(60) {
            val run = launch { stack.detectDrift(offline) }
            delay(random.nextLong(0, 40))
            withTimeout(20_000) { run.cancelAndJoin() }
        }
        assertEquals(1_500, stack.state().inspect().objects.size)
    }

    @Test
    fun `a job that is cancelled ends its calls with what was reached or as cancelled`() = runBlocking(Dispatchers.Default) {
        val native = nativeNewClient()
        NativeJob().use { job ->
            job.cancel()
            assertTrue(job.isCancelled())
            val ended = runCatching { native.open(many, OpenOptions(), job).detectDrift(offline, job) }
            // A run that is cancelled may say what it did not reach; nothing of that is called the same.
            ended.fold(
                { report -> assertEquals(0, report.data().summary.same) },
                { failure -> assertTrue(failure is NativeFailure.Cancelled, failure.toString()) },
            )
            withTimeout(20_000) { job.await() }
        }
    }

    @Test
    fun `what a listener throws ends the call and reaches the caller`() = runBlocking(Dispatchers.Default) {
        val stack = client.open(many)
        val calls = AtomicInteger()
        val failure = assertFailsWith<IllegalStateException> {
            stack.detectDrift(offline) {
                if (calls.incrementAndGet() == 3) error("enough")
            }
        }
        assertEquals("enough", failure.message)
    }

    @Test
    fun `a panic in the core is an exception, and the library goes on`() = runBlocking(Dispatchers.Default) {
        // The generated layer turns what its listener throws into a panic of the native thread that called it.
        val stack = nativeNewClient().open(quickstart, OpenOptions(), null)
        val throwing = object : Listener {
            override fun onEvent(event: Event) = throw IllegalArgumentException("thrown into native code")
        }
        repeat(20) {
            NativeJob(throwing).use { job ->
                val failure = assertFailsWith<Exception> { stack.detectDrift(offline, job) }
                assertTrue(failure is NativeFailure.Unexpected || failure is InternalException, failure.toString())
                withTimeout(20_000) { job.await() }
            }
        }
        assertEquals(2, stack.detectDrift(offline, null).data().summary.deleted)
    }

    @Test
    fun `a flow tells each finding once and then the report that has the same`() = runBlocking(Dispatchers.Default) {
        val items = client.open(quickstart).driftStream(offline).toList()
        val report = (items.last() as DriftItem.Finished).report
        val told = items.filterIsInstance<DriftItem.Found>().map { it.finding }
        assertEquals(report.findings, told.sortedBy { it.address })
        assertEquals(report.notLookedAt.toSet(), items.filterIsInstance<DriftItem.Open>().map { it.item }.toSet())
        assertEquals(1, items.filterIsInstance<DriftItem.Finished>().size)
    }

    @Test
    fun `a flow tells findings while the run goes on`() = runBlocking(Dispatchers.Default) {
        val begun = TimeSource.Monotonic.markNow()
        val stack = client.open(stateOfFiles(2_000).toString())
        var first: Duration? = null
        stack.findings(offline).collect { if (first == null) first = begun.elapsedNow() }
        val whole = begun.elapsedNow()
        println("flow: the first finding after $first, the last after $whole")
        assertTrue(first!! < whole / 2, "the first finding came after $first of $whole")
    }

    @Test
    fun `a flow that is left early ends its run`() = runBlocking(Dispatchers.Default) {
        val stack = client.open(many)
        repeat(10) {
            val first = withTimeout(20_000) { stack.findings(offline).first() }
            assertContains(first.address, "local_file.page[")
        }
    }

    @Test
    fun `a flow whose collector fails ends with that failure`() = runBlocking(Dispatchers.Default) {
        val failure = assertFailsWith<IllegalStateException> {
            client.open(many).driftStream(offline).collect { error("collector") }
        }
        assertEquals("collector", failure.message)
    }

    @Test
    fun `events are told in Kotlin's types`() = runBlocking(Dispatchers.Default) {
        val events = java.util.concurrent.ConcurrentLinkedQueue<Event>()
        client.open(quickstart).detectDrift(offline) { events += it }
        val started = events.filterIsInstance<Event.Started>().single()
        assertEquals("reading instances", started.step)
        assertEquals(started.total, events.filterIsInstance<Event.InstanceRead>().size.toLong())
    }
}
