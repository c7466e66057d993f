package io.driftmgr

import java.util.concurrent.atomic.AtomicReference
import kotlin.time.Duration
import kotlin.time.toJavaDuration
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.isActive
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext

/**
 * Runs a native call under a job of its own, and does not return before the work has ended: neither when the coroutine is cancelled, which
 * cancels the job, nor when [onEvent] throws, which ends the call with what it threw.
 */
internal suspend fun <T> calling(
    timeout: Duration?,
    onEvent: ((Event) -> Unit)?,
    call: suspend (NativeJob) -> T,
): T {
    val ear = onEvent?.let(::Ear)
    return NativeJob(ear, timeout?.toJavaDuration()).use { job ->
        ear?.job?.set(job)
        var ended = false
        try {
            val result = native { call(job) }
            ended = true
            ear?.thrown?.get()?.let { throw it }
            result
        } catch (failure: DriftmgrException) {
            ended = true
            throw ear?.thrown?.get() ?: failure
        } finally {
            if (!ended) job.cancel()
            withContext(NonCancellable) { job.await() }
        }
    }
}

/**
 * The same for what has to be given back one day. A coroutine that is cancelled just then would lose what it got: it waits for the end of the call
 * here, which its cancellation brings about, and [giveBack] has what came of it.
 */
internal suspend fun <T> taking(
    timeout: Duration?,
    giveBack: suspend (T) -> Unit,
    call: suspend (NativeJob) -> T,
): T {
    val caller = currentCoroutineContext()
    return withContext(NonCancellable) {
        NativeJob(null, timeout?.toJavaDuration()).use { job ->
            val watch = CoroutineScope(caller + Dispatchers.Unconfined).launch(start = CoroutineStart.UNDISPATCHED) {
                try {
                    awaitCancellation()
                } finally {
                    job.cancel()
                }
            }
            val taken = try {
                native { call(job) }
            } catch (failure: DriftmgrException) {
                caller.ensureActive()
                throw failure
            } finally {
                watch.cancelAndJoin()
            }
            if (!caller.isActive) {
                native { giveBack(taken) }
                caller.ensureActive()
            }
            taken
        }
    }
}

/** Passes events on. An exception must not go through native code: it is kept, and ends the call. */
private class Ear(private val onEvent: (Event) -> Unit) : Listener {
    val job = AtomicReference<NativeJob>()
    val thrown = AtomicReference<Throwable>()

    override fun onEvent(event: Event) {
        if (thrown.get() != null) return
        try {
            onEvent.invoke(event)
        } catch (failure: Throwable) {
            if (thrown.compareAndSet(null, failure)) job.get()?.cancel()
        }
    }
}
