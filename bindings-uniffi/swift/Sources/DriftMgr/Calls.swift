import Foundation

extension Stack {
    /// Looks at every managed instance. A task that is cancelled ends the run, and this returns when the run has ended.
    public func detectDrift(
        _ options: DriftOptions = DriftOptions(),
        timeout: TimeInterval? = nil,
        listener: Listener? = nil
    ) async throws -> DriftReport {
        try await calling(timeout: timeout, listener: listener) { job in
            try await self.detectDrift(options: options, job: job)
        }
    }

    /// What is found, as it is found; the last item is the report. The run ends when the sequence is left.
    public func driftItems(
        _ options: DriftOptions = DriftOptions(),
        timeout: TimeInterval? = nil
    ) -> AsyncThrowingStream<DriftItem, Error> {
        AsyncThrowingStream { continuation in
            let job = Job(listener: nil, timeout: timeout)
            let task = Task {
                do {
                    let stream = try self.driftStream(options: options, job: job)
                    while let item = try await stream.next() {
                        continuation.yield(item)
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in
                job.cancel()
                task.cancel()
            }
        }
    }
}

/// Runs a call under a job of its own, which a cancelled task cancels.
func calling<T>(
    timeout: TimeInterval?,
    listener: Listener?,
    _ call: (Job) async throws -> T
) async throws -> T {
    let job = Job(listener: listener, timeout: timeout)
    return try await withTaskCancellationHandler {
        let result = try await call(job)
        try Task.checkCancellation()
        return result
    } onCancel: {
        job.cancel()
    }
}
