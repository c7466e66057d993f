import io.driftmgr.Client
import io.driftmgr.DriftItem
import io.driftmgr.DriftmgrException
import io.driftmgr.Format
import io.driftmgr.Severity
import io.driftmgr.severity
import io.ktor.http.ContentType
import io.ktor.http.HttpStatusCode
import io.ktor.server.application.Application
import io.ktor.server.application.ApplicationCall
import io.ktor.server.cio.CIO
import io.ktor.server.engine.embeddedServer
import io.ktor.server.response.respondBytes
import io.ktor.server.response.respondText
import io.ktor.server.response.respondTextWriter
import io.ktor.server.routing.get
import io.ktor.server.routing.routing
import kotlin.time.Duration.Companion.seconds
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.buildJsonObject

/**
 * A service that says whether a state is still true. The states that may be asked about are named when it starts; nobody names paths from outside.
 *
 * `GET /check/NAME` answers 200 in sync, 409 drifted, 503 open; `GET /drift/NAME` streams findings as lines of JSON, and stops looking when the
 * client hangs up; `GET /report/NAME` is a page for people.
 */
fun Application.driftChecks(client: Client, states: Map<String, String>) {
    routing {
        get("/check/{name}") {
            answering(states) { target ->
                val check = client.open(target).use { it.check(timeout = 60.seconds) }
                val status = when (check.safe) {
                    true -> HttpStatusCode.OK
                    false -> HttpStatusCode.Conflict
                    null -> HttpStatusCode.ServiceUnavailable
                }
                respondText(check.toJson().toString(), ContentType.Application.Json, status)
            }
        }
        get("/drift/{name}") {
            answering(states) { target ->
                val stack = client.open(target)
                respondTextWriter(ContentType.parse("application/x-ndjson")) {
                    stack.driftStream().collect { item ->
                        if (item is DriftItem.Found && item.finding.severity >= Severity.IMPORTANT) {
                            write(item.finding.toJson().toString() + "\n")
                            flush()
                        }
                    }
                }
            }
        }
        get("/report/{name}") {
            answering(states) { target ->
                val report = client.open(target).use { it.detectDrift(timeout = 60.seconds) }
                respondBytes(report.render(Format.HTML), ContentType.Text.Html)
            }
        }
    }
}

/** Finds the state and turns what goes wrong into a status. */
private suspend fun io.ktor.server.routing.RoutingContext.answering(
    states: Map<String, String>,
    answer: suspend ApplicationCall.(String) -> Unit,
) {
    val target = states[call.parameters["name"]]
        ?: return call.respondText("no such state\n", status = HttpStatusCode.NotFound)
    try {
        call.answer(target)
    } catch (failure: DriftmgrException) {
        val status = when (failure) {
            is DriftmgrException.NotFound -> HttpStatusCode.NotFound
            is DriftmgrException.Timeout -> HttpStatusCode.GatewayTimeout
            is DriftmgrException.RateLimited, is DriftmgrException.Unavailable -> HttpStatusCode.ServiceUnavailable
            else -> HttpStatusCode.InternalServerError
        }
        val problem = buildJsonObject {
            put("kind", JsonPrimitive(failure.kind.name.lowercase()))
            put("message", JsonPrimitive(failure.message))
            put("hints", JsonArray(failure.hints.map(::JsonPrimitive)))
            put("retryable", JsonPrimitive(failure.retryable))
        }
        call.respondText(problem.toString(), ContentType.Application.Json, status)
    }
}

/** `mvn compile exec:java -Dexec.args="prod=infra/prod staging=infra/staging"` */
fun main(arguments: Array<String>) {
    val states = arguments.associate { it.substringBefore('=') to it.substringAfter('=') }
    embeddedServer(CIO, port = 8080, host = "127.0.0.1") { driftChecks(Client(), states) }.start(wait = true)
}
