import io.driftmgr.Backend
import io.driftmgr.ChangeOptions
import io.driftmgr.Client
import io.driftmgr.DriftItem
import io.driftmgr.DriftOptions
import io.driftmgr.DriftReport
import io.driftmgr.DriftmgrException
import io.driftmgr.ErrorKind
import io.driftmgr.History
import io.driftmgr.ManagedState
import io.driftmgr.OpenOptions
import io.driftmgr.Plan
import io.driftmgr.Question
import io.driftmgr.RenderOptions
import io.driftmgr.Settings
import io.driftmgr.Snapshot
import io.driftmgr.Stack
import io.driftmgr.State
import io.driftmgr.StateRef
import io.driftmgr.formatOf
import java.nio.file.Files
import java.time.Instant
import kotlin.io.path.exists
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.readBytes
import kotlin.io.path.readText
import kotlin.reflect.full.companionObject
import kotlin.reflect.full.declaredMembers
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import kotlin.test.fail
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.contentOrNull
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.long

/** The list of operations and the table of cases that all languages share; `driftmgr-core/parity/README.md` says what they mean. */
class ParityTest {
    private val parity = repository.resolve("driftmgr-core/parity")
    private val list = json(parity.resolve("operations.json").readText()).jsonObject

    @Test
    fun `there is a member for every operation of the list, and a gap says why`() {
        for (operation in list.getValue("operations").jsonArray.map { it.jsonObject }) {
            val name = operation.getValue("name").jsonPrimitive.content
            val told = operation.getValue("kotlin").jsonPrimitive.contentOrNull
            if (told == null) {
                assertTrue(operation["why"]?.jsonObject?.containsKey("kotlin") == true, "$name: why not?")
                continue
            }
            // Functions of the library itself belong to the client here.
            val (owner, member) = if ("." in told) told.split(".") else listOf("Client", told)
            val type = Class.forName("io.driftmgr.$owner").kotlin
            val members = type.declaredMembers + type.companionObject?.declaredMembers.orEmpty()
            val found = members.filter { it.name == member }
            assertTrue(found.isNotEmpty(), "$name: no $told")
            val waits = operation.getValue("async").jsonPrimitive.boolean
            val streams = found.any { it.returnType.classifier == Flow::class }
            if (waits) assertTrue(streams || found.all { it.isSuspend }, "$name: $told does not suspend")
        }
    }

    @Test
    fun `every kind of error has its exception`() {
        val listed = list.getValue("errors").jsonArray.map { it.jsonPrimitive.content }
        assertEquals(listed.toSet(), ErrorKind.entries.map { it.name.lowercase() }.toSet())
        val classes = DriftmgrException::class.sealedSubclasses.map { it.simpleName }
        assertEquals(listed.map { kind -> kind.split("_").joinToString("") { it.replaceFirstChar(Char::uppercase) } }.toSet(), classes.toSet())
    }

    @Test
    fun `every case has the expected answer`() = runBlocking(Dispatchers.Default) {
        val wrong = mutableListOf<String>()
        var count = 0
        for (file in parity.resolve("cases").listDirectoryEntries("*.json").sorted()) {
            for (case in json(file.readText()).jsonObject.getValue("cases").jsonArray.map { it.jsonObject }) {
                count += 1
                val difference = judge(case)
                if (difference != null) wrong += "${file.fileName}: ${case["name"]}: $difference"
            }
        }
        println("parity: $count cases")
        assertTrue(count >= 40, "$count cases")
        if (wrong.isNotEmpty()) fail(wrong.joinToString("\n\n", "${wrong.size} of $count cases differ\n"))
    }

    private suspend fun judge(case: JsonObject): String? {
        val answer = try {
            "expected" to answer(case.getValue("operation").jsonPrimitive.content, Input(case.getValue("input").jsonObject))
        } catch (failure: DriftmgrException) {
            "expected_error" to buildJsonObject {
                put("kind", JsonPrimitive(failure.kind.name.lowercase()))
                put("message", JsonPrimitive(failure.summary))
            }
        }
        val (key, got) = answer
        val file = case["expected_file"]?.jsonPrimitive?.content?.takeIf { key == "expected" }
        val expected = if (file != null) json(repository.resolve(file).readText()) else case[key]
        if (expected == null) return "answered with $key: $got"
        val volatile = case["volatile"]?.jsonArray.orEmpty().map { it.jsonPrimitive.content }.takeIf { key == "expected" }
        val normal = normal(got, volatile.orEmpty())
        val wanted = normal(expected, emptyList())
        return if (normal == wanted) null else "expected $wanted\ngot $normal"
    }

    /** What Kotlin answers to a case. */
    private suspend fun answer(operation: String, input: Input): JsonElement {
        val room = operation.substringBefore('.')
        val verb = operation.substringAfter('.', "")
        return when (room) {
            "version" -> Client.version().toJson()
            "rules" -> JsonArray(client.rules().map { it.toJson() })
            "backends" -> JsonArray(client.backends().map { it.toJson() })
            "backend_metrics" -> Client().use { it.backendMetrics().toJson() }
            "status" -> client.status(input.texts("targets"), input.openOptions()).toJson()
            "doctor" -> client.doctor(input.texts("targets")).toJson()
            "client" -> ofClient(verb, input)
            "stack" -> ofStack(verb, input)
            "state" -> ofState(verb, input)
            "report" -> ofReport(verb, input)
            "plan" -> buildJsonObject { put("format_version", JsonPrimitive(input.plan().formatVersion)) }
            "snapshot" -> input.snapshot().info().toJson()
            "settings" -> ofSettings(verb, input)
            "backend" -> ofBackend(verb, input)
            "history" -> ofHistory(input, verb)
            "managed" -> ofManaged(verb, input)
            else -> fail("no such operation: $operation")
        }
    }

    private suspend fun ofClient(verb: String, input: Input): JsonElement = when (verb) {
        "open", "open_with" -> input.stack().workspace.toJson()
        "manage", "manage_with" -> place(input.managed())
        "detect_drift" -> whole(client.detectDrift(input.stacks(), input.options()))
        "detect_drift_at" -> whole(client.detectDriftAt(input.texts("targets"), input.openOptions(), input.options()).report)
        "drift_stream" -> streamed(client.driftStream(input.stacks(), input.options()))
        "drift_of_plan" -> whole(client.driftOfPlan(input.text("plan"), input.plan(), input.options()))
        "snapshot" -> client.snapshot(input.stacks(), input.options()).snapshot.info().toJson()
        else -> fail("no such operation: client.$verb")
    }

    private suspend fun ofStack(verb: String, input: Input): JsonElement {
        val stack = input.stack()
        val options = input.options()
        return when (verb) {
            "detect_drift" -> whole(stack.detectDrift(options))
            "drift_stream" -> streamed(stack.driftStream(options))
            "check" -> stack.check(options).toJson()
            "explain" -> stack.explain(input.text("address"), options).toJson()
            "against_plan" -> whole(stack.againstPlan(input.plan(), options))
            "against_snapshot" -> whole(stack.againstSnapshot(input.snapshot(), options))
            "against_state" -> whole(stack.againstState(State.read(input.file("real")), options))
            "snapshot" -> stack.snapshot(options).snapshot.info().toJson()
            "state" -> texts(stack.state().list())
            "workspace" -> stack.workspace.toJson()
            "configuration" -> stack.configuration()?.toJson() ?: JsonNull
            else -> fail("no such operation: stack.$verb")
        }
    }

    private suspend fun ofState(verb: String, input: Input): JsonElement {
        val state = if ("bytes" in input) {
            State.parse(input.text("bytes"), input.bytes("bytes"))
        } else {
            State.read(input.file("state"))
        }
        val secrets = input.flag("reveal")
        return when (verb) {
            "list" -> texts(state.list(input.texts("addresses")))
            "inspect" -> state.inspect().toJson()
            "outputs" -> JsonObject(state.outputs(secrets).mapValues { it.value.toJson() })
            "view" -> state.view(secrets)
            "health" -> state.health().toJson()
            "analyze" -> state.analyze().toJson()
            "compare" -> state.compare(State.read(input.file("after"))).comparison.toJson()
            "upgrade" -> json(String(state.upgrade()))
            else -> fail("no such operation: state.$verb")
        }
    }

    private fun ofReport(verb: String, input: Input): JsonElement {
        val report = DriftReport.fromJson(java.nio.file.Path.of(input.file("report")).readText())
        return when (verb) {
            "from_json", "to_json" -> whole(report)
            "check" -> report.check().toJson()
            "score" -> report.score.toJson()
            "by_target" -> JsonObject(report.byTarget().mapValues { whole(it.value) })
            "suggest_ignores" -> buildJsonObject { put("rules", JsonArray(report.suggestIgnores().map { it.toJson() })) }
            "render" -> buildJsonObject {
                val bytes = report.render(formatOf(input.text("format")), RenderOptions(timestamp = Instant.EPOCH))
                put("text", JsonPrimitive(String(bytes)))
            }
            "baseline" -> json(report.baseline(input.file("file"), input.text("reason")).text())
            else -> fail("no such operation: report.$verb")
        }
    }

    private suspend fun ofSettings(verb: String, input: Input): JsonElement = when (verb) {
        "load" -> input.settings().toJson()
        "entries" -> JsonArray(input.settings().entries.map { it.toJson() })
        "validate" -> Settings.validate(input.file("file")).let { settings ->
            buildJsonObject {
                put("warnings", texts(settings.warnings))
                put("problems", JsonArray(settings.problems.map { it.toJson() }))
            }
        }
        "schema" -> Settings.schema()
        else -> fail("no such operation: settings.$verb")
    }

    private suspend fun ofBackend(verb: String, input: Input): JsonElement {
        val config = input.field("config")?.jsonObject.orEmpty()
        val root = repository.resolve(input.text("root")).toString()
        // A backend in memory lasts as long as its client.
        val backend: Backend = Client().backend(input.text("kind"), config, root)
        val at = StateRef(
            workspace = if ("workspace" in input) input.text("workspace") else "default",
            version = if ("version" in input) input.text("version") else null,
        )
        return when (verb) {
            "open", "info" -> buildJsonObject {
                put("info", backend.info.toJson())
                put("capability", backend.capability.toJson())
            }
            "workspaces" -> texts(backend.workspaces())
            "read" -> backend.read(at)?.about?.toJson() ?: JsonNull
            "versions" -> JsonArray(backend.versions(at).map { it.toJson() })
            "write" -> backend.write(input.text("text").toByteArray(), at).toJson()
            "delete" -> backend.delete(at).let { JsonNull }
            "lock" -> {
                backend.lock("first", at)
                JsonPrimitive(backend.lock("second", at))
            }
            "unlock" -> backend.unlock(input.text("lock"), at).let { JsonNull }
            else -> fail("no such operation: backend.$verb")
        }
    }

    private fun place(state: ManagedState) = buildJsonObject {
        put("label", JsonPrimitive(state.label))
        put("workspace", JsonPrimitive(state.workspace))
        put("kind", JsonPrimitive(state.info.kind))
        put("capability", state.capability.toJson())
    }

    /** Every change is a dry run: the files of the repository stay as they are. */
    private suspend fun ofManaged(verb: String, input: Input): JsonElement {
        if (verb == "in_workspace") return place(client.manage(input.text("target")).inWorkspace(input.text("workspace")))
        val state = input.managed()
        val dry = ChangeOptions(dryRun = true)
        return when (verb) {
            "pull" -> json(String(state.pull()!!))
            "state" -> texts(state.state(if ("version" in input) input.text("version") else null).list())
            "push" -> state.push(input.bytes("state"), dry).toJson()
            "restore" -> state.restore(input.bytes("state"), dry).toJson()
            "mv" -> state.mv(input.text("from"), input.text("to"), dry).toJson()
            "rm" -> state.rm(input.texts("addresses"), dry).toJson()
            "replace_provider" -> state.replaceProvider(input.text("from"), input.text("to"), dry).toJson()
            "import_object" ->
                state.importObject(input.text("address"), input.text("provider"), input.text("object"), dry).toJson()
            "workspaces" -> texts(state.workspaces())
            else -> fail("no such operation: managed.$verb")
        }
    }

    /** A file that is named is there already; else one is made, and the run over the target is recorded in it. */
    private suspend fun ofHistory(input: Input, verb: String): JsonElement {
        if ("file" in input) return History.openExisting(input.file("file")).ask().toJson()
        val folder = Files.createTempDirectory("driftmgr-history")
        History.open(folder.resolve("runs.sqlite").toString()).use { history ->
            if (verb == "open") return JsonArray(history.ask().targets.map { it.toJson() })
            val stack = input.stack()
            val recorded = history.record(stack.detectDrift(input.options()), listOf(stack))
            return when (verb) {
                "record" -> recorded.toJson()
                "ask" -> history.ask(Question(addresses = input.texts("addresses"))).toJson()
                "prune" -> history.prune(input.field("age")!!.jsonPrimitive.long.seconds).toJson()
                else -> fail("no such operation: history.$verb")
            }
        }
    }

    /** The typed form of a report, which must hold all that its JSON form does. */
    private fun whole(report: DriftReport): JsonElement {
        assertEquals(report.toJson(), report.data.toJson())
        return report.data.toJson()
    }

    private suspend fun streamed(items: Flow<DriftItem>): JsonElement {
        val all = items.toList()
        val report = all.filterIsInstance<DriftItem.Finished>().single().report
        return buildJsonObject {
            put("looked", texts(all.filterIsInstance<DriftItem.Looked>().map { "${it.at.address} ${it.at.outcome}" }.sorted()))
            put("findings", texts(all.filterIsInstance<DriftItem.Found>().map { it.finding.address }.sorted()))
            put("not_looked_at", texts(all.filterIsInstance<DriftItem.Open>().map { it.item.address }.sorted()))
            put("report", whole(report))
        }
    }

    private fun texts(items: List<String>) = JsonArray(items.map(::JsonPrimitive))

    /** Paths below the repository without it, and `${'$'}{ANY}` for what changes from run to run. */
    private fun normal(answer: JsonElement, volatile: List<String>): JsonElement =
        volatile.fold(relative(answer)) { value, pointer -> replaced(value, pointer.split("/").drop(1)) }

    private fun relative(value: JsonElement): JsonElement = when (value) {
        is JsonPrimitive -> when {
            value.isString -> JsonPrimitive(value.content.replace("$repository/", ""))
            // Numbers are compared by value.
            else -> value.content.toBigDecimalOrNull()?.let { JsonPrimitive(it.stripTrailingZeros()) } ?: value
        }
        is JsonArray -> JsonArray(value.map(::relative))
        is JsonObject -> JsonObject(value.mapValues { relative(it.value) })
    }

    private fun replaced(value: JsonElement, path: List<String>): JsonElement {
        val step = path.firstOrNull()?.replace("~1", "/")?.replace("~0", "~") ?: return JsonPrimitive("\${ANY}")
        return when (value) {
            is JsonObject -> JsonObject(value + (step to replaced(value[step] ?: fail("nothing at $step"), path.drop(1))))
            is JsonArray -> JsonArray(value.mapIndexed { i, item -> if (i == step.toInt()) replaced(item, path.drop(1)) else item })
            else -> fail("nothing at $step")
        }
    }

    private fun json(text: String): JsonElement = Json.parseToJsonElement(text)
}

/** The input of a case. */
private class Input(private val fields: JsonObject) {
    operator fun contains(name: String) = field(name) != null

    fun field(name: String): JsonElement? = fields[name]?.takeIf { it !is JsonNull }

    fun text(name: String): String = field(name)?.jsonPrimitive?.content ?: fail("the input has no `$name`")

    fun flag(name: String): Boolean = field(name)?.jsonPrimitive?.boolean ?: false

    fun texts(name: String): List<String> = field(name)?.jsonArray.orEmpty().map { it.jsonPrimitive.content }

    /** A file of the repository. */
    fun file(name: String): String = repository.resolve(text(name)).toString()

    fun options(): DriftOptions {
        val options = Input(field("options")?.jsonObject ?: JsonObject(emptyMap()))
        return DriftOptions(
            targets = options.texts("targets"),
            exclude = options.texts("exclude"),
            plugins = if ("plugins" in options) options.flag("plugins") else true,
            driftignore = if ("driftignore" in options) options.text("driftignore") else null,
            baseline = if ("baseline" in options) options.text("baseline") else null,
        )
    }

    fun openOptions() = OpenOptions(
        workspace = if ("workspace" in this) text("workspace") else null,
        backendConfig = texts("backend_config"),
        everyWorkspace = field("every_workspace")?.jsonPrimitive?.boolean ?: false,
    )

    suspend fun stack(): Stack = client.open(text("target"), openOptions())

    suspend fun stacks(): List<Stack> = texts("targets").map { client.open(it) }

    /** The bytes of a file of the repository. */
    fun bytes(name: String): ByteArray = java.nio.file.Path.of(file(name)).readBytes()

    suspend fun managed(): ManagedState = client.manage(text("target"), openOptions())

    suspend fun plan(): Plan = Plan.read(file("plan"))

    suspend fun snapshot(): Snapshot = Snapshot.read(file("snapshot"))

    suspend fun settings(): Settings {
        val overrides = field("overrides")?.jsonObject.orEmpty().mapValues { it.value.jsonPrimitive.content }
        return Settings.load(file("dir"), overrides).orThrow()
    }
}
