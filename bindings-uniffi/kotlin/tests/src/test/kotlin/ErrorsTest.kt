import io.driftmgr.Client
import io.driftmgr.Details
import io.driftmgr.DriftOptions
import io.driftmgr.DriftReport
import io.driftmgr.DriftmgrException
import io.driftmgr.ErrorKind
import io.driftmgr.NativeFailure
import io.driftmgr.Settings
import io.driftmgr.State
import kotlin.io.path.createTempDirectory
import kotlin.io.path.writeText
import kotlin.reflect.full.primaryConstructor
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertTrue
import kotlin.time.Duration
import kotlinx.coroutines.runBlocking

class ErrorsTest {
    @Test
    fun `every kind has an exception of its own, by its name`() {
        val classes = DriftmgrException::class.sealedSubclasses.map { it.simpleName }.toSet()
        val kinds = ErrorKind.entries.map { kind -> kind.name.split("_").joinToString("") { it.lowercase().replaceFirstChar(Char::uppercase) } }
        assertEquals(kinds.toSet(), classes)
    }

    @Test
    fun `what the native library throws becomes the exception of the same kind, with all its details`() {
        val details = Details("wrong", "state.read", mapOf("file" to "a", "line" to "3"), listOf("mend it"), true, listOf("below"))
        val converted = Class.forName("io.driftmgr.DriftmgrExceptionKt").getMethod("public", NativeFailure::class.java)
        for (type in NativeFailure::class.sealedSubclasses) {
            val failure = converted.invoke(null, type.primaryConstructor!!.call(details)) as DriftmgrException
            assertEquals(type.simpleName, failure::class.simpleName)
            assertEquals(type.simpleName, failure.kind.name.split("_").joinToString("") { it.lowercase().replaceFirstChar(Char::uppercase) })
            assertEquals("wrong (file a, line 3)", failure.message)
            assertEquals("wrong", failure.summary)
            assertEquals("state.read", failure.operation)
            assertEquals(details.place, failure.place)
            assertEquals(details.hints, failure.hints)
            assertEquals(details.causes, failure.causes)
            assertTrue(failure.retryable)
        }
    }

    @Test
    fun `what is not there is not found, and the message says where`() = runBlocking {
        val failure = assertFailsWith<DriftmgrException.NotFound> { client.open("/no/such/folder") }
        assertEquals(ErrorKind.NOT_FOUND, failure.kind)
        assertContains(failure.place.values.joinToString(), "/no/such/folder")
        assertContains(failure.message!!, "/no/such/folder")
        assertFalse(failure.retryable)
    }

    @Test
    fun `a hint says the way out`() = runBlocking {
        val failure = assertFailsWith<DriftmgrException> { State.read(quickstart) }
        assertTrue(failure.hints.any { "name the state file" in it }, failure.hints.toString())
    }

    @Test
    fun `what is no state is refused`() {
        assertFailsWith<DriftmgrException.InvalidState> { State.parse("x", "[]".toByteArray()) }
        assertFailsWith<DriftmgrException.InvalidInput> { DriftReport.fromJson("{}") }
    }

    @Test
    fun `a wrong address is an invalid input`() = runBlocking {
        val stack = client.open(quickstart)
        assertFailsWith<DriftmgrException.InvalidInput> { stack.detectDrift(DriftOptions(targets = listOf("a.b.c.d["))) }
        assertFailsWith<DriftmgrException.NotFound> { stack.explain("local_file.nothing", offline) }
        Unit
    }

    @Test
    fun `an option without meaning is Kotlin's own exception and names the parameter`() = runBlocking {
        val stack = client.open(quickstart)
        val failure = assertFailsWith<IllegalArgumentException> { stack.detectDrift(DriftOptions(parallelism = 0)) }
        assertContains(failure.message!!, "parallelism")
    }

    @Test
    fun `a mistake in the settings is a problem with its place, and is thrown where none is wanted`() = runBlocking {
        val file = createTempDirectory("driftmgr-tests").resolve("driftmgr.yaml")
        file.writeText("performance:\n  workers: many\n")
        val settings = Settings.validate(file.toString())
        assertEquals(ErrorKind.INVALID_CONFIG, settings.problems.single().kind)
        val failure = assertFailsWith<DriftmgrException.InvalidConfig> { settings.orThrow() }
        assertEquals(file.toString(), failure.place["file"])
        assertEquals("2", failure.place["line"])
    }

    @Test
    fun `a setting that the caller gave and that has no meaning is an invalid input`() = runBlocking {
        val settings = Settings.load(quickstart, mapOf("performance.workers" to "many"))
        assertEquals(ErrorKind.INVALID_INPUT, settings.problems.single().kind)
        assertFailsWith<DriftmgrException.InvalidInput> { settings.orThrow() }
        Unit
    }

    @Test
    fun `a timeout that is over is a timeout or an open answer, never a clean one`() = runBlocking {
        val stack = client.open(quickstart)
        try {
            val report = stack.detectDrift(offline, timeout = Duration.ZERO)
            assertEquals(0, report.summary.same)
        } catch (failure: DriftmgrException.Timeout) {
            assertEquals(ErrorKind.TIMEOUT, failure.kind)
        }
    }

    @Test
    fun `a kind of backend that is not there names those that are`() {
        val failure = assertFailsWith<DriftmgrException.Unsupported> { Client().backend("gopher") }
        assertContains(failure.message + failure.hints, "local")
    }
}
