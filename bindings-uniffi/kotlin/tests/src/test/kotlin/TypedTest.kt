import io.driftmgr.Client
import io.driftmgr.DriftReport
import io.driftmgr.Format
import io.driftmgr.Kind
import io.driftmgr.RenderOptions
import io.driftmgr.Severity
import io.driftmgr.State
import io.driftmgr.kind
import io.driftmgr.severity
import java.nio.file.Path
import java.time.Instant
import kotlin.io.path.readLines
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlinx.coroutines.runBlocking

class TypedTest {
    @Test
    fun `a report has its findings as typed values`() = runBlocking {
        val report = client.open(quickstart).detectDrift(offline)
        assertEquals(2, report.summary.deleted)
        assertEquals("DriftReport(6 checked, 0 drifted, 2 deleted, 0 open, 0 problems)", report.toString())
        assertEquals(
            listOf("module.site.local_file.page[\"contact\"]", "module.site.local_file.page[\"index\"]"),
            report.visible.map { it.address },
        )
        assertTrue(report.findings.all { it.kind == Kind.MISSING && it.severity == Severity.IMPORTANT })
        assertEquals(report.summary.checked + report.summary.unverifiable + report.summary.skipped, 6)
    }

    @Test
    fun `no field of a report is lost on its way into records`() = runBlocking {
        val report = client.open(quickstart).detectDrift(offline)
        assertEquals(report.toJson(), report.data.toJson())
    }

    @Test
    fun `a report that is read back is the report`() = runBlocking {
        val report = client.open(quickstart).detectDrift(offline)
        val again = DriftReport.fromJson(report.toJson().toString())
        assertEquals(report, again)
        assertEquals(report.hashCode(), again.hashCode())
        val at = RenderOptions(timestamp = Instant.EPOCH)
        for (format in Format.entries) {
            assertContentEquals(report.render(format, at), again.render(format, at), format.name)
        }
    }

    @Test
    fun `the short answer follows from the report`() = runBlocking {
        val stack = client.open(quickstart)
        val check = stack.check(offline)
        assertEquals(false, check.safe)
        assertEquals(2, check.exit)
        assertEquals(check, stack.detectDrift(offline).check())
        assertEquals(true, stack.detectDrift(offline).check(Severity.CRITICAL).safe)
    }

    @Test
    fun `a state is read from bytes and numbers stay exact`() {
        val text = """{"version": 4, "serial": 7, "lineage": "3f1c", "resources": [],
            "outputs": {"big": {"value": 123456789012345678901234567890.5, "type": "number"}}}"""
        val state = State.parse("prod", text.toByteArray())
        assertEquals("123456789012345678901234567890.5", state.outputs().getValue("big").value.toString())
        assertEquals(7, state.inspect().serial)
        assertNull(state.inspect().terraformVersion)
    }

    @Test
    fun `the native library is the one in the jar`() {
        Client.version()
        val mapped = Path.of("/proc/self/maps").readLines().map { '/' + it.substringAfter(" /", "") }.toSet()
        // Its name is kept when it is loaded from a folder; from a jar it is unpacked under a name of JNA's, beside JNA's own library.
        assertEquals(emptyList(), mapped.filter { "driftmgr_uniffi" in it })
        assertEquals(2, mapped.count { "/jna" in it && ".tmp" in it }, mapped.toString())
    }

    @Test
    fun `the library says what it is`() {
        val version = Client.version()
        assertEquals(3, version.version.split(".").size)
        assertEquals("linux", version.os)
    }
}
