import io.driftmgr.Client
import io.driftmgr.DriftOptions
import java.nio.file.Files
import java.nio.file.Path
import java.security.MessageDigest
import kotlin.io.path.createDirectories
import kotlin.io.path.writeText
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.buildJsonArray
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put
import kotlinx.serialization.json.putJsonArray
import kotlinx.serialization.json.addJsonObject
import kotlinx.serialization.json.putJsonObject

/** The top of the repository. */
val repository: Path = Path.of(System.getProperty("driftmgr.repository") ?: "../../..").toAbsolutePath().normalize()

/** A root module with six objects, two of which are gone. */
val quickstart: String = repository.resolve("examples/quickstart").toString()

/** No plugin is started, whatever is installed on the machine. */
val offline = DriftOptions(plugins = false)

val client = Client()

/** A state with so many files in one folder. Only the first one exists: where nothing does, it may be the wrong place. */
fun stateOfFiles(count: Int): Path {
    val folder = Files.createTempDirectory("driftmgr-tests").createDirectories()
    val state = buildJsonObject {
        put("version", 4)
        put("terraform_version", "1.11.4")
        put("serial", 1)
        put("lineage", "0f7b7a3e-6a64-4a3c-9d5e-6a4f3b2c1d00")
        putJsonObject("outputs") {}
        putJsonArray("resources") {
            addJsonObject {
                put("mode", "managed")
                put("type", "local_file")
                put("name", "page")
                put("provider", "provider[\"registry.terraform.io/hashicorp/local\"]")
                putJsonArray("instances") {
                    repeat(count) { index ->
                        addJsonObject {
                            put("index_key", index)
                            put("schema_version", 0)
                            putJsonObject("attributes") {
                                put("content", "page $index")
                                put("directory_permission", "0777")
                                put("file_permission", "0777")
                                put("filename", folder.resolve("page-$index.txt").toString())
                                put("id", if (index == 0) sha1("page 0") else "%040x".format(index))
                            }
                        }
                    }
                }
            }
        }
    }
    folder.resolve("page-0.txt").writeText("page 0")
    return folder.resolve("terraform.tfstate").also { it.writeText(state.toString()) }
}

private fun sha1(text: String): String =
    MessageDigest.getInstance("SHA-1").digest(text.toByteArray()).joinToString("") { "%02x".format(it) }

/** Resident memory of this process, native memory included, in megabytes. */
fun resident(): Long {
    val line = Files.readAllLines(Path.of("/proc/self/status")).first { it.startsWith("VmRSS:") }
    return line.filter(Char::isDigit).toLong() / 1024
}
