package io.driftmgr

import java.io.FileNotFoundException
import java.nio.file.AccessDeniedException
import java.nio.file.NoSuchFileException
import java.util.concurrent.TimeoutException
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.withContext
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.jsonObject

/**
 * Says what is really there. [Stack.withReality] takes it.
 *
 * ```
 * val inventory = Reality { address, attributes ->
 *     val found = lookup(attributes.getValue("id")) ?: return@Reality null
 *     JsonObject(attributes + ("size" to JsonPrimitive(found.size)))
 * }
 * val report = stack.withReality(inventory).detectDrift()
 * ```
 */
public fun interface Reality {
    /**
     * Looks at one object: [address] names it, [attributes] are what the state says, secrets included.
     *
     * Answers with its attributes as they are, or null for an object that was looked for and is not there. One that cannot be looked at throws: it
     * is unverifiable then, never deleted.
     *
     * Up to 16 objects are asked for at a time, on `Dispatchers.IO`, so that it may block. It is cancelled when nobody waits for the answer any more.
     */
    public suspend fun observe(address: String, attributes: JsonObject): JsonObject?
}

/** What the native library calls. Nothing may be thrown into it, errors of the machine included: it would wait for an answer for ever. */
internal class Observing(private val reality: Reality) : NativeReality {
    override suspend fun observe(address: String, attributes: String): NativeObserved = try {
        val known = Json.parseToJsonElement(attributes).jsonObject
        when (val found = withContext(Dispatchers.IO) { reality.observe(address, known) }) {
            null -> NativeObserved.Absent
            else -> NativeObserved.Present(found.toString())
        }
    } catch (thrown: Throwable) {
        // When this coroutine itself was cancelled, nobody waits.
        currentCoroutineContext().ensureActive()
        NativeObserved.Unreadable(thrown.kind(), thrown.told())
    }
}

/** The kind that an exception stands for: its own, or that of Java's own exception that it is. */
private fun Throwable.kind(): ErrorKind = when (this) {
    is DriftmgrException -> kind
    is AccessDeniedException, is SecurityException -> ErrorKind.PERMISSION_DENIED
    is NoSuchFileException, is FileNotFoundException -> ErrorKind.NOT_FOUND
    is TimeoutCancellationException, is TimeoutException, is java.net.SocketTimeoutException -> ErrorKind.TIMEOUT
    is CancellationException -> ErrorKind.CANCELLED
    is UnsupportedOperationException -> ErrorKind.UNSUPPORTED
    is java.net.SocketException, is java.net.UnknownHostException -> ErrorKind.UNAVAILABLE
    else -> ErrorKind.UNEXPECTED
}

/** What an exception says. Even that can throw. */
private fun Throwable.told(): String = try {
    if (this is DriftmgrException) message.orEmpty() else toString()
} catch (_: Throwable) {
    "observe() threw ${this::class.java.name}"
}
