import io.driftmgr.Client
import io.driftmgr.DriftOptions
import java.nio.file.FileSystems
import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.exists
import kotlin.io.path.readLines
import kotlin.io.path.writeText
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assumptions.assumeTrue

/** Provider processes that go on for the next run. The provider is a real one, behind a script that counts its starts. */
class KeptTest {
    private val folder = Files.createTempDirectory("driftmgr-tests")
    private val log = folder.resolve("starts")

    private fun provider(): Path? {
        val mirror = Path.of(System.getenv("DRIFTMGR_TOOLS_DIR") ?: ".", "mirror", "registry.terraform.io", "hashicorp", "null")
        if (!mirror.exists()) return null
        val wanted = FileSystems.getDefault().getPathMatcher("glob:**/terraform-provider-null_v*")
        return Files.walk(mirror).use { all -> all.filter(wanted::matches).findFirst().orElse(null) }
    }

    private fun running() = log.readLines().count { Path.of("/proc/$it/exe").exists() }

    @Test
    fun `a client keeps its providers until it is told to end them`() = runBlocking {
        val provider = provider()
        assumeTrue(provider != null, "no provider is installed: `cargo xtask tools` does it")
        val wrapper = folder.resolve("terraform-provider-null")
        wrapper.writeText("#!/bin/sh\necho $$ >> '$log'\nexec '$provider' \"$@\"\n")
        wrapper.toFile().setExecutable(true)
        val options = DriftOptions(
            providerPaths = mapOf("registry.terraform.io/hashicorp/null" to wrapper.toString()),
            targets = listOf("null_resource.announce"),
        )
        Client(keepProviders = true).use { client ->
            suspend fun look() = client.detectDrift(listOf(client.open(quickstart)), options).summary.checked.toInt()
            assertEquals(listOf(1, 1), listOf(look(), look()))
            assertEquals(1 to 1, log.readLines().size to running())
            client.endProviders()
            assertEquals(0, running())
            assertEquals(1, look())
            assertEquals(2 to 1, log.readLines().size to running())
            client.endProviders()
            assertEquals(0, running())
        }
    }

    @Test
    fun `a client that keeps none has nothing to end`() = runBlocking { Client().use { it.endProviders() } }
}
