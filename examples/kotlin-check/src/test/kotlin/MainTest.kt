import io.driftmgr.Client
import io.ktor.server.cio.CIO
import io.ktor.server.engine.embeddedServer
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import java.net.http.HttpResponse.BodyHandlers
import java.nio.file.Path
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import kotlinx.coroutines.runBlocking

class MainTest {
    private val quickstart = Path.of(System.getProperty("driftmgr.repository")).resolve("examples/quickstart").toString()

    @Test
    fun `the service answers for the states that it knows`() {
        val states = mapOf("site" to quickstart, "gone" to "/no/such/folder")
        val server = embeddedServer(CIO, port = 0, host = "127.0.0.1") { driftChecks(Client(), states) }.start()
        try {
            val port = runBlocking { server.engine.resolvedConnectors().single().port }
            fun get(path: String): HttpResponse<String> = HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(URI("http://127.0.0.1:$port$path")).build(), BodyHandlers.ofString())

            val check = get("/check/site")
            assertEquals(409, check.statusCode())
            assertContains(check.body(), "\"safe\":false")

            val findings = get("/drift/site").body().trim().lines()
            assertEquals(2, findings.size)
            assertTrue(findings.all { "\"kind\":\"missing\"" in it }, findings.toString())

            assertContains(get("/report/site").body(), "<!doctype html>")
            assertEquals(404, get("/check/other").statusCode())
            val gone = get("/check/gone")
            assertEquals(404, gone.statusCode())
            assertContains(gone.body(), "\"kind\":\"not_found\"")
        } finally {
            server.stop()
        }
    }
}
