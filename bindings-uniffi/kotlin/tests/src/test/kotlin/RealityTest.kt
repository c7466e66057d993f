import io.driftmgr.DriftItem
import io.driftmgr.Kind
import io.driftmgr.NotLookedAtKind
import io.driftmgr.Reality
import io.driftmgr.kind
import io.driftmgr.uniffiForeignFutureHandleCount
import java.nio.file.AccessDeniedException
import java.util.Collections
import java.util.concurrent.atomic.AtomicInteger
import kotlin.io.path.createTempDirectory
import kotlin.io.path.readText
import kotlin.io.path.writeText
import kotlin.random.Random
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.onEach
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.buildJsonObject

/** A reality that is written in Kotlin. */
class RealityTest {
    private val robots = "local_file.robots"

    /** Answers for one object, and what the state says for the rest. */
    private fun told(answer: suspend (JsonObject) -> JsonObject?) = Reality { address, attributes ->
        if (address == robots) answer(attributes) else attributes
    }

    private fun JsonObject.with(name: String, value: JsonElement) = JsonObject(this + (name to value))

    /** Why the object was not looked at; the others were. */
    private suspend fun reason(answer: suspend (JsonObject) -> JsonObject?): String {
        val report = withTimeout(20_000) { client.open(quickstart).withReality(told(answer)).detectDrift() }
        assertEquals(emptyList(), report.findings)
        assertEquals(1, report.summary.unverifiable)
        assertEquals(5, report.summary.same)
        assertEquals(null, report.check().safe)
        return report.notLookedAt.single { it.address == robots }.reason
    }

    @Test
    fun `a reality in Kotlin is the reality`() = runBlocking(Dispatchers.Default) {
        val stack = client.open(quickstart)
        val report = stack.withReality(told { it.with("content", JsonPrimitive("other")) }).detectDrift()
        val finding = report.findings.single()
        assertEquals(robots to Kind.MODIFIED, finding.address to finding.kind)
        assertEquals("content" to JsonPrimitive("other"), finding.drift.changes.single().let { it.path to it.after })
        assertEquals(6, report.summary.checked)
        assertEquals(true, stack.withReality(told { it }).check().safe)
        assertEquals(2, stack.detectDrift(offline).summary.deleted, "the stack itself asks its providers")
    }

    @Test
    fun `every operation that asks providers asks the reality instead`() = runBlocking(Dispatchers.Default) {
        val stack = client.open(quickstart).withReality(told { null })
        assertEquals(Kind.MISSING, stack.detectDrift().findings.single().kind)
        assertEquals(false, stack.check().safe)
        val found = stack.driftStream().toList().filterIsInstance<DriftItem.Found>()
        assertEquals(listOf(robots), found.map { it.finding.address })
        assertContains(stack.explain(robots).toJson().toString(), "missing")
        val (snapshot, report) = stack.snapshot()
        assertEquals(1, report.summary.deleted)
        assertEquals(listOf(robots), client.open(quickstart).againstSnapshot(snapshot).findings.map { it.address })
        assertEquals(listOf(robots), client.detectDrift(listOf(stack)).findings.map { it.address })
    }

    @Test
    fun `attributes are those of the state, secrets included, and numbers are exact on both ways`() = runBlocking(Dispatchers.Default) {
        val big = "12345678901234567890.1234567890123456789"
        val seen = Collections.synchronizedList(mutableListOf<Pair<String, JsonObject>>())
        val stack = client.open(state("""{"id": "a", "triggers": {"password": "hunter2", "big": $big}}""", """["triggers"]"""))
        val same = stack.withReality { address, attributes -> attributes.also { seen += address to it } }.detectDrift()
        assertEquals(1, same.summary.same)
        val triggers = seen.single().second.getValue("triggers") as JsonObject
        assertEquals("null_resource.a", seen.single().first)
        assertEquals(JsonPrimitive("hunter2"), triggers["password"])
        assertEquals(big, triggers.getValue("big").toString())
        val other = stack.withReality { _, attributes ->
            attributes.with("triggers", triggers.with("big", JsonPrimitive(1)))
        }.detectDrift()
        assertEquals(1, other.summary.drifted)
        assertTrue("hunter2" !in other.toJson().toString() && "12345678" !in other.toJson().toString())
    }

    @Test
    fun `what it throws is a reason, and the rest is looked at`() = runBlocking(Dispatchers.Default) {
        assertEquals("java.lang.IllegalStateException: not you", reason { error("not you") })
        assertEquals("java.lang.AssertionError: wrong", reason { throw AssertionError("wrong") })
        assertEquals("java.lang.StackOverflowError", reason { deep(it) })
        assertContains(reason { client.open("/nowhere").use { null } }, "/nowhere")
        assertContains(reason { withTimeout(5) { awaitCancellation() } }, "Timed out waiting for 5 ms")
        assertContains(reason { throw CancellationException("mine") }, "mine")
        class Broken : Exception() {
            override val message: String get() = throw IllegalStateException()
        }
        assertContains(reason { throw Broken() }, "observe() threw")
    }

    private fun deep(given: JsonObject): JsonObject = deep(JsonObject(given + given)).with("x", JsonNull)

    @Test
    fun `an answer that cannot be read is a reason too`() = runBlocking(Dispatchers.Default) {
        val none = "what observe() answered is no JSON"
        assertContains(reason { it.with("size", JsonPrimitive(Double.NaN)) }, none)
        assertContains(reason { (1..300).fold(it) { inner, _ -> buildJsonObject { put("inner", inner) } } }, none)
        assertContains(reason { (1..200_000).fold(it) { inner, _ -> buildJsonObject { put("inner", inner) } } }, "StackOverflow")
    }

    @Test
    fun `a snapshot keeps which kind of error it was`() = runBlocking(Dispatchers.Default) {
        suspend fun kind(thrown: Throwable): String {
            val file = createTempDirectory("driftmgr-tests").resolve("snapshot.json")
            client.open(quickstart).withReality(told { throw thrown }).snapshot().snapshot.write(file.toString())
            val entry = Regex("""\{[^{}]*not you[^{}]*}""").find(file.readText())!!.value
            return Regex(""""kind":\s*"(\w+)"""").find(entry)!!.groupValues[1]
        }
        assertEquals("unexpected", kind(IllegalStateException("not you")))
        assertEquals("permission_denied", kind(AccessDeniedException("not you")))
        assertEquals("unsupported", kind(UnsupportedOperationException("not you")))
        assertEquals("cancelled", kind(CancellationException("not you")))
    }

    @Test
    fun `no more than 16 are asked for at a time, also when they block`() = runBlocking(Dispatchers.Default) {
        val (now, most, all) = List(3) { AtomicInteger() }
        val report = client.open(stateOfFiles(200).toString()).withReality { _, attributes ->
            most.accumulateAndGet(now.incrementAndGet(), ::maxOf)
            Thread.sleep(3)
            now.decrementAndGet()
            all.incrementAndGet()
            attributes
        }.detectDrift()
        assertEquals(listOf(200L, 0, 200), listOf(report.summary.same.toLong(), now.get().toLong(), all.get().toLong()))
        assertTrue(most.get() in 3..16, "$most at a time")
    }

    @Test
    fun `cancelling a run cancels what is under way, and asks for nothing more`() = runBlocking(Dispatchers.Default) {
        val full = CompletableDeferred<Unit>()
        val (asked, cancelled) = List(2) { AtomicInteger() }
        val stack = client.open(stateOfFiles(100).toString()).withReality { _, _ ->
            if (asked.incrementAndGet() == 16) full.complete(Unit)
            try {
                awaitCancellation()
            } finally {
                cancelled.incrementAndGet()
            }
        }
        val run = launch { stack.detectDrift() }
        full.await()
        withTimeout(20_000) { run.cancelAndJoin() }
        withTimeout(20_000) { while (cancelled.get() < 16) delay(5) }
        assertEquals(16, asked.get())
    }

    @Test
    fun `a timeout gives what was answered, and cancels the rest`() = runBlocking(Dispatchers.Default) {
        val cancelled = CompletableDeferred<Unit>()
        val slow = told {
            try {
                awaitCancellation()
            } finally {
                cancelled.complete(Unit)
            }
        }
        val report = client.open(quickstart).withReality(slow).detectDrift(timeout = 2.seconds)
        assertEquals(5, report.summary.same)
        val open = report.notLookedAt.single { it.kind == NotLookedAtKind.UNVERIFIABLE }
        assertEquals(robots to "the time was over before it was read", open.address to open.reason)
        withTimeout(20_000) { cancelled.await() }
    }

    @Test
    fun `leaving a flow cancels what is under way`() = runBlocking(Dispatchers.Default) {
        val (asked, cancelled) = List(2) { CompletableDeferred<Unit>() }
        val slow = told {
            asked.complete(Unit)
            try {
                awaitCancellation()
            } finally {
                cancelled.complete(Unit)
            }
        }
        val items = client.open(quickstart).withReality(slow).driftStream().onEach { asked.await() }
        assertTrue(withTimeout(20_000) { items.first() } is DriftItem.Looked)
        withTimeout(20_000) { cancelled.await() }
    }

    @Test
    fun `cancelling at any point neither hangs nor crashes`() = runBlocking(Dispatchers.Default) {
        val random = Random(11)
        val stack = client.open(stateOfFiles(100).toString()).withReality { _, attributes ->
            delay(random.nextLong(0, 4))
            attributes
        }
        repeat(40) {
            val run = launch { stack.detectDrift() }
            delay(random.nextLong(0, 30))
            withTimeout(20_000) { run.cancelAndJoin() }
        }
        assertEquals(100, stack.detectDrift().summary.same)
    }

    @Test
    fun `a reality may look for drift itself`() = runBlocking(Dispatchers.Default) {
        val stack = client.open(quickstart)
        val inner = stack.withReality(told { null })
        assertContains(reason { error("${inner.detectDrift().summary.deleted} gone") }, "1 gone")
    }

    @Test
    fun `realities and what they answer leave memory as it was`() = runBlocking(Dispatchers.Default) {
        val stack = client.open(quickstart)
        val large = "x".repeat(150_000)
        suspend fun round() = repeat(30) {
            stack.withReality { _, attributes -> attributes.with("large", JsonPrimitive(large)) }.use { it.detectDrift() }
            stack.withReality { _, _ -> error(large) }.use { it.detectDrift() }
        }
        round()
        System.gc()
        val before = resident()
        repeat(2) { round() }
        System.gc()
        val grown = resident() - before
        println("memory: $grown MB more after 120 runs whose realities answered 108 MB")
        assertTrue(grown < 60, "$grown MB more; it was $before MB")
        withTimeout(20_000) { while (uniffiForeignFutureHandleCount() > 0) delay(5) }
    }

    /** A state with one object. */
    private fun state(attributes: String, sensitive: String): String {
        val file = createTempDirectory("driftmgr-tests").resolve("terraform.tfstate")
        val paths = sensitive.replace(Regex("\"(\\w+)\""), """[{"type": "get_attr", "value": "$1"}]""")
        file.writeText(
            """{"version": 4, "terraform_version": "1.9.0", "serial": 1, "lineage": "test", "outputs": {}, "resources": [{
            "mode": "managed", "type": "null_resource", "name": "a", "provider": "provider[\"registry.terraform.io/hashicorp/null\"]",
            "instances": [{"schema_version": 0, "attributes": $attributes, "sensitive_attributes": $paths}]}]}""",
        )
        return file.toString()
    }
}
