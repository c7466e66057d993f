package io.driftmgr

/**
 * Why a call failed. There is one subclass for each kind, so a `when` over them is exhaustive.
 *
 * [message] is one line: what is wrong, and where. No field ever holds a secret.
 */
public sealed class DriftmgrException(
    /** The kind. */
    public val kind: ErrorKind,
    private val details: Details,
    cause: Throwable?,
) : Exception(line(details), cause) {
    /** What is wrong, without the place. */
    public val summary: String get() = details.message

    /** The operation that failed, such as `state.read`, if it was named. */
    public val operation: String? get() = details.operation

    /** Where, and with what: `file`, `line`, `address`, `target` and others, in the order in which they were found. */
    public val place: Map<String, String> get() = details.place

    /** Ways out. */
    public val hints: List<String> get() = details.hints

    /** The same call may succeed later. */
    public val retryable: Boolean get() = details.retryable

    /** What the errors behind this one say, the nearest first. */
    public val causes: List<String> get() = details.causes

    /** The thing asked for does not exist. */
    public class NotFound internal constructor(details: Details, cause: Throwable?) :
        DriftmgrException(ErrorKind.NOT_FOUND, details, cause)

    /** The credentials are known and do not allow this. */
    public class PermissionDenied internal constructor(details: Details, cause: Throwable?) :
        DriftmgrException(ErrorKind.PERMISSION_DENIED, details, cause)

    /** There are no credentials, or they are not accepted. */
    public class Unauthenticated internal constructor(details: Details, cause: Throwable?) :
        DriftmgrException(ErrorKind.UNAUTHENTICATED, details, cause)

    /** Somebody else holds the lock. */
    public class Locked internal constructor(details: Details, cause: Throwable?) :
        DriftmgrException(ErrorKind.LOCKED, details, cause)

    /** The stored thing is not the one that was expected. */
    public class Conflict internal constructor(details: Details, cause: Throwable?) :
        DriftmgrException(ErrorKind.CONFLICT, details, cause)

    /** The other side asks to slow down. */
    public class RateLimited internal constructor(details: Details, cause: Throwable?) :
        DriftmgrException(ErrorKind.RATE_LIMITED, details, cause)

    /** The deadline passed. */
    public class Timeout internal constructor(details: Details, cause: Throwable?) :
        DriftmgrException(ErrorKind.TIMEOUT, details, cause)

    /** The call was cancelled. A coroutine that is cancelled itself ends with its own `CancellationException`. */
    public class Cancelled internal constructor(details: Details, cause: Throwable?) :
        DriftmgrException(ErrorKind.CANCELLED, details, cause)

    /** This build or this kind of thing cannot do it. */
    public class Unsupported internal constructor(details: Details, cause: Throwable?) :
        DriftmgrException(ErrorKind.UNSUPPORTED, details, cause)

    /** A configuration is wrong: Terraform's or ours. */
    public class InvalidConfig internal constructor(details: Details, cause: Throwable?) :
        DriftmgrException(ErrorKind.INVALID_CONFIG, details, cause)

    /** A state cannot be read or is not a state. */
    public class InvalidState internal constructor(details: Details, cause: Throwable?) :
        DriftmgrException(ErrorKind.INVALID_STATE, details, cause)

    /** An argument is wrong. */
    public class InvalidInput internal constructor(details: Details, cause: Throwable?) :
        DriftmgrException(ErrorKind.INVALID_INPUT, details, cause)

    /** The other side is down or unreachable. */
    public class Unavailable internal constructor(details: Details, cause: Throwable?) :
        DriftmgrException(ErrorKind.UNAVAILABLE, details, cause)

    /** A program that was started, a provider, failed. */
    public class ToolFailed internal constructor(details: Details, cause: Throwable?) :
        DriftmgrException(ErrorKind.TOOL_FAILED, details, cause)

    /** A defect of this library, or something that no rule foresaw. */
    public class Unexpected internal constructor(details: Details, cause: Throwable?) :
        DriftmgrException(ErrorKind.UNEXPECTED, details, cause)
}

private fun line(details: Details): String {
    if (details.place.isEmpty()) return details.message
    return details.place.entries.joinToString(", ", "${details.message} (", ")") { "${it.key} ${it.value}" }
}

/** The public form of what the generated layer throws. */
internal fun NativeFailure.public(): DriftmgrException = when (this) {
    is NativeFailure.NotFound -> DriftmgrException.NotFound(details, this)
    is NativeFailure.PermissionDenied -> DriftmgrException.PermissionDenied(details, this)
    is NativeFailure.Unauthenticated -> DriftmgrException.Unauthenticated(details, this)
    is NativeFailure.Locked -> DriftmgrException.Locked(details, this)
    is NativeFailure.Conflict -> DriftmgrException.Conflict(details, this)
    is NativeFailure.RateLimited -> DriftmgrException.RateLimited(details, this)
    is NativeFailure.Timeout -> DriftmgrException.Timeout(details, this)
    is NativeFailure.Cancelled -> DriftmgrException.Cancelled(details, this)
    is NativeFailure.Unsupported -> DriftmgrException.Unsupported(details, this)
    is NativeFailure.InvalidConfig -> DriftmgrException.InvalidConfig(details, this)
    is NativeFailure.InvalidState -> DriftmgrException.InvalidState(details, this)
    is NativeFailure.InvalidInput -> DriftmgrException.InvalidInput(details, this)
    is NativeFailure.Unavailable -> DriftmgrException.Unavailable(details, this)
    is NativeFailure.ToolFailed -> DriftmgrException.ToolFailed(details, this)
    is NativeFailure.Unexpected -> DriftmgrException.Unexpected(details, this)
}

/** A panic of the native library, which its generated layer reports as [InternalException]. */
internal fun InternalException.public(): DriftmgrException = DriftmgrException.Unexpected(
    Details(
        message = message ?: "a defect of this library ended the call",
        operation = null,
        place = emptyMap(),
        hints = emptyList(),
        retryable = false,
        causes = emptyList(),
    ),
    this,
)

/** Runs a native call; its failures are [DriftmgrException]s. */
internal inline fun <T> native(call: () -> T): T = try {
    call()
} catch (failure: NativeFailure) {
    throw failure.public()
} catch (panic: InternalException) {
    throw panic.public()
}
