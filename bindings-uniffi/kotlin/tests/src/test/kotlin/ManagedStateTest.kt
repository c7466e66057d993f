import io.driftmgr.Change
import io.driftmgr.ChangeOptions
import io.driftmgr.DriftmgrException
import io.driftmgr.Keeper
import io.driftmgr.ManagedState
import io.driftmgr.NativeFailure
import io.driftmgr.NativeJob
import io.driftmgr.OpenOptions
import io.driftmgr.nativeNewClient
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.atomic.AtomicReference
import kotlin.io.path.ExperimentalPathApi
import kotlin.io.path.copyToRecursively
import kotlin.io.path.createTempDirectory
import kotlin.io.path.deleteExisting
import kotlin.io.path.exists
import kotlin.io.path.isRegularFile
import kotlin.io.path.readBytes
import kotlin.random.Random
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.microseconds
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.TimeSource
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kotlinx.serialization.json.JsonPrimitive

/** Changes of a stored state, on copies of a root module; backups go to a folder below the build output. */
class ManagedStateTest {
    private val announce = "null_resource.announce"
    private val moved = "module.site.null_resource.announce"
    private val force = ChangeOptions(force = true)
    private val dry = ChangeOptions(dryRun = true)

    /** Longer than any test. */
    private val wait = ChangeOptions(lockTimeout = java.time.Duration.ofMinutes(1))

    /** A copy of the root module, at a place that no other test has. */
    @OptIn(ExperimentalPathApi::class)
    private fun module(): Path =
        Path.of(quickstart).copyToRecursively(createTempDirectory("driftmgr-tests"), followLinks = false, overwrite = true)

    private val Path.file get() = resolve("terraform.tfstate")

    private suspend fun ManagedState.names() = state().use { it.list() }

    @Test
    fun `a move is the next serial, and what was there before can be had and brought back`() = runBlocking {
        val module = module()
        val before = module.file.readBytes()
        val state = client.manage(module)
        assertEquals(module.toString() to "default", state.label to state.workspace)
        assertEquals("ManagedState($module, default)", state.toString())

        val told = state.mv(announce, moved, dry)
        assertFalse(told.written)
        assertContentEquals(before, module.file.readBytes())
        val changed = state.mv(announce, moved)
        assertTrue(changed.written)
        assertEquals(7L to 8L, changed.serialBefore to changed.serial)
        assertContains(changed.changes, Change.Moved(announce, moved))
        assertEquals(told.changes, changed.changes)
        assertContains(state.names(), moved)
        assertContentEquals(module.file.readBytes(), state.pull())

        val backup = assertNotNull(changed.backup)
        val kept = state.versions().single { it.id == backup }
        assertEquals(Keeper.BACKUP to before.size.toLong(), kept.keptBy to kept.size)
        assertNotNull(kept.modified)
        assertTrue(state.versions().first().let { it.latest && it.keptBy == Keeper.BACKEND })
        assertContains(state.state(backup).list(), announce)
        assertTrue(backups().any { it.readBytes().contentEquals(before) }, "not where DRIFTMGR_BACKUPS says")

        val difference = state.diff(backup)
        assertEquals(emptyList(), difference.problems)
        assertEquals(listOf(announce to moved), difference.comparison.moved.map { it.from to it.to })
        assertEquals(listOf(moved to announce), state.diff(null, backup).comparison.moved.map { it.from to it.to })

        val back = state.rollback(backup)
        assertEquals(8L to 9L, back.serialBefore to back.serial)
        assertContains(state.names(), announce)
        val again = state.rollback(backup)
        assertEquals(false to null, again.written to again.backup)
        assertFailsWith<DriftmgrException.NotFound> { state.rollback("backup:none") }
        Unit
    }

    @Test
    fun `each kind of change has its type, and its JSON`() = runBlocking {
        val state = client.manage(module())
        val provider = "registry.terraform.io/hashicorp/null" to "example.com/acme/null"
        val replaced = state.replaceProvider(provider.first, provider.second)
        val by = { source: String -> "provider[\"$source\"]" }
        assertEquals(listOf(Change.ProviderReplaced(announce, by(provider.first), by(provider.second))), replaced.changes)

        val taken = state.importObject("null_resource.more[0]", by(provider.second), """{"schema_version": 0, "attributes": {"id": "1"}}""")
        assertEquals(listOf(Change.Imported("null_resource.more[0]")), taken.changes)
        assertFailsWith<DriftmgrException.Conflict> {
            state.importObject("null_resource.more[0]", by(provider.second), """{"schema_version": 0, "attributes": {"id": "1"}}""")
        }

        val forgotten = state.rm(listOf("null_resource.more", "local_file.none"))
        assertEquals(listOf(Change.Removed("null_resource.more[0]")), forgotten.changes)
        assertEquals(listOf("local_file.none"), forgotten.unmatched)
        assertContains(forgotten.toJson().toString(), """{"change":"removed","address":"null_resource.more[0]"}""")
        assertEquals(10L, forgotten.serial)
        assertFailsWith<DriftmgrException.InvalidInput> { state.rm(listOf("a.b.c.d[")) }
        Unit
    }

    @Test
    fun `bytes are pushed by the rules of Terraform, and restored as the next state`() = runBlocking {
        val module = module()
        val before = module.file.readBytes()
        val state = client.manage(module)
        val newer = String(before).replace("\"serial\": 7", "\"serial\": 12").toByteArray()
        assertEquals(12L, state.push(newer).serial)
        assertContentEquals(newer, module.file.readBytes())
        assertFailsWith<DriftmgrException.Conflict> { state.push(before) }
        assertFailsWith<DriftmgrException.InvalidState> { state.push("{}".toByteArray(), force) }
        assertEquals(7L, state.push(before, force).serial)
        state.rm(listOf(announce))
        assertEquals(9L, state.restore(before).serial)
        assertContains(state.names(), announce)
    }

    @Test
    fun `a snapshot keeps the state and changes nothing`() = runBlocking {
        val module = module()
        val before = module.file.readBytes()
        val state = client.manage(module)
        val id = state.snapshot()
        assertEquals(id, state.snapshot(), "the same bytes are kept once")
        assertContentEquals(before, module.file.readBytes())
        assertContains(state.versions().map { it.id }, id)
        assertEquals(state.names(), state.state(id).list())
    }

    @Test
    fun `a state is copied with its lineage and serial`() = runBlocking {
        val (from, to) = module() to module()
        to.file.deleteExisting()
        val (here, there) = client.manage(from) to client.manage(to)
        assertNull(there.pull())
        assertFailsWith<DriftmgrException.NotFound> { there.state() }
        assertFalse(here.copyTo(there, dry).written)
        assertFalse(to.file.exists())
        val copied = here.copyTo(there)
        assertEquals(null to 7L, copied.serialBefore to copied.serial)
        assertContentEquals(from.file.readBytes(), to.file.readBytes())
        there.rm(listOf(announce))
        assertFailsWith<DriftmgrException.Conflict> { here.copyTo(there) }
        assertFailsWith<DriftmgrException.InvalidInput> { here.copyTo(here) }
        Unit
    }

    @Test
    fun `a state that holds resources is deleted by force alone, and kept`() = runBlocking {
        val module = module()
        val before = module.file.readBytes()
        val state = client.manage(module)
        val refused = assertFailsWith<DriftmgrException.Conflict> { state.delete() }
        assertNotNull(refused.place["resources"])
        assertContentEquals(before, module.file.readBytes())
        val backup = assertNotNull(state.delete(force))
        assertFalse(module.file.exists())
        assertNull(state.pull())
        assertNull(state.delete(force))
        assertContains(state.state(backup).list(), announce)
    }

    @Test
    fun `a lock keeps another out, who learns who holds it`() = runBlocking {
        val module = module()
        val (one, other) = client.manage(module) to client.manage(module)
        val id = one.lock("a test")
        val refused = assertFailsWith<DriftmgrException.Locked> { other.mv(announce, moved) }
        assertEquals(id to "a test", refused.place["lock"] to refused.place["operation"])
        assertTrue(refused.place.keys.containsAll(listOf("holder", "since")), refused.place.toString())
        assertFailsWith<DriftmgrException.Locked> { other.lock("another") }
        assertFailsWith<DriftmgrException.Locked> { other.copyTo(client.manage(module())) }
        assertContains(other.mv(announce, moved, dry).changes, Change.Moved(announce, moved))
        assertFailsWith<DriftmgrException.Conflict> { other.unlock("of nobody") }
        one.unlock(id)
        assertTrue(other.mv(announce, moved).written)
        assertFailsWith<DriftmgrException.Conflict> { one.unlock(id) }
        Unit
    }

    @Test
    fun `a lock is waited for`() = runBlocking(Dispatchers.Default) {
        val module = module()
        val (one, other) = client.manage(module) to client.manage(module)
        for (waits in listOf<suspend () -> Unit>({ other.mv(announce, moved, wait) }, { other.unlock(other.lock("another", 60.seconds)) })) {
            val id = one.lock("a test")
            val waiting = async { waits() }
            delay(300)
            assertFalse(waiting.isCompleted)
            one.unlock(id)
            withTimeout(30_000) { waiting.await() }
        }
        assertContains(one.names(), moved)
    }

    @Test
    fun `a timeout ends the wait for a lock and says who holds it`() = runBlocking(Dispatchers.Default) {
        val module = module()
        val (one, other) = client.manage(module) to client.manage(module)
        val id = one.lock("a test")
        withTimeout(30_000) {
            for (waits in listOf<suspend () -> Unit>(
                { other.mv(announce, moved, wait, timeout = 300.milliseconds) },
                { other.lock("another", lockTimeout = 60.seconds, timeout = 300.milliseconds) },
                { other.lock("another", lockTimeout = 300.milliseconds) },
            )) {
                val refused = assertFailsWith<DriftmgrException.Locked> { waits() }
                assertEquals(id, refused.place["lock"])
            }
        }
        one.unlock(id)
        // What ended a call does not end the next one.
        assertTrue(other.mv(announce, moved).written)
    }

    @Test
    fun `a cancelled coroutine ends the wait for a lock, and takes none`() = runBlocking(Dispatchers.Default) {
        val module = module()
        val (one, other) = client.manage(module) to client.manage(module)
        val id = one.lock("a test")
        val before = module.file.readBytes()
        val runs = listOf(launch { other.mv(announce, moved, wait) }, launch { other.lock("another", 60.seconds) })
        delay(300)
        for (run in runs) {
            assertTrue(run.isActive)
            withTimeout(30_000) { run.cancelAndJoin() }
            assertTrue(run.isCancelled)
        }
        one.unlock(id)
        assertContentEquals(before, module.file.readBytes())
        client.manage(module).run { unlock(lock("a third")) }
        assertTrue(other.mv(announce, moved).written)
    }

    @Test
    fun `a change that is cancelled at any point leaves a whole state and no lock`() = runBlocking(Dispatchers.Default) {
        val random = Random(11)
        val state = client.manage(module())
        val seen = mutableSetOf<String>()
        repeat(60) {
            val from = state.names().single { it == announce || it == moved }
            seen += from
            val run = launch { state.mv(from, if (from == announce) moved else announce) }
            delay(random.nextLong(0, 60))
            withTimeout(30_000) { run.cancelAndJoin() }
            assertEquals(6, state.names().size)
            state.unlock(state.lock("afterwards"))
        }
        assertEquals(setOf(announce, moved), seen)
    }

    @Test
    fun `taking a lock that is cancelled at any point leaves none that nobody knows`() = runBlocking(Dispatchers.Default) {
        val random = Random(12)
        val module = module()
        val state = client.manage(module)
        val backend = client.backend("local", mapOf("path" to JsonPrimitive("terraform.tfstate")), module.toString())
        repeat(200) { round ->
            val got = AtomicReference<String>()
            val run = launch { got.set(if (round % 2 == 0) state.lock("a test") else backend.lock("a test")) }
            val until = TimeSource.Monotonic.markNow() + random.nextInt(0, 2_000).microseconds
            while (until.hasNotPassedNow()) Thread.onSpinWait()
            withTimeout(30_000) { run.cancelAndJoin() }
            got.get()?.let { if (round % 2 == 0) state.unlock(it) else backend.unlock(it) }
            client.manage(module).run { unlock(lock("afterwards")) }
        }
    }

    @Test
    fun `what a call gave lives on when the call's job has ended`() = runBlocking {
        val (state, blue) = NativeJob().use { job ->
            val state = nativeNewClient().manage(module().toString(), OpenOptions(), job)
            val blue = state.createWorkspace("blue", ChangeOptions(), job)
            job.cancel()
            assertFailsWith<NativeFailure.Cancelled> { state.pull(job) }
            state to blue
        }
        assertNotNull(state.pull(null))
        assertNotNull(blue.pull(null))
        assertNotNull(state.inWorkspace("blue").pull(null))
        Unit
    }

    @Test
    fun `workspaces are made, opened and deleted`() = runBlocking {
        val module = module()
        val state = client.manage(module)
        assertEquals(listOf("default"), state.workspaces())
        val green = state.createWorkspace("green")
        val blue = state.createWorkspace("blue")
        assertEquals(listOf("default", "blue", "green"), state.workspaces())
        assertEquals("blue" to state.label, blue.workspace to blue.label)
        assertEquals(emptyList(), blue.names())
        assertFailsWith<DriftmgrException.Conflict> { state.createWorkspace("blue") }
        assertFailsWith<DriftmgrException.InvalidInput> { state.inWorkspace("a/b") }

        val provider = "provider[\"registry.terraform.io/hashicorp/null\"]"
        blue.importObject("null_resource.here", provider, """{"schema_version": 0, "attributes": {"id": "1"}}""")
        val opened = client.manage(module, OpenOptions(workspace = "blue"))
        assertEquals(blue.names(), opened.names())
        assertEquals(opened.names(), state.inWorkspace("blue").names())
        assertFalse("null_resource.here" in state.names())

        assertFailsWith<DriftmgrException.Conflict> { state.deleteWorkspace("blue") }
        assertNotNull(state.deleteWorkspace("blue", force))
        assertNotNull(state.deleteWorkspace(green.workspace))
        assertEquals(listOf("default"), state.workspaces())
        assertFailsWith<DriftmgrException.NotFound> { state.deleteWorkspace("blue") }
        assertFailsWith<DriftmgrException.InvalidInput> { state.deleteWorkspace("default") }
        Unit
    }

    @Test
    fun `a time without meaning is Kotlin's own exception and names the parameter`() = runBlocking {
        client.manage(module()).use { state ->
            val past = ChangeOptions(lockTimeout = java.time.Duration.ofSeconds(-1))
            for (call in listOf<suspend () -> Any?>({ state.rm(listOf(announce), past) }, { state.lock("a test", (-1).seconds) })) {
                assertContains(assertFailsWith<IllegalArgumentException> { call() }.message!!, "lockTimeout")
            }
        }
    }

    @Test
    fun `what is not there cannot be managed`() = runBlocking {
        val missing = assertFailsWith<DriftmgrException.NotFound> { client.manage("/no/such/folder") }
        assertContains(missing.message!!, "/no/such/folder")
    }

    private fun backups(): List<Path> =
        Files.walk(Path.of(System.getenv("DRIFTMGR_BACKUPS"))).use { all -> all.filter { it.isRegularFile() }.toList() }
}
