extension GuruMeditation {
    /// Has the watchdog send heartbeats through something of the program's own, such as a queue, and make a report
    /// when one goes unanswered for longer than `Settings.watchdogLimit`.
    ///
    /// ```swift
    /// gmr.watch("renderer") { answer in rendererQueue.async(execute: answer) }
    /// ```
    ///
    /// One heartbeat at a time: the next one is sent after the answer, about a quarter of the limit later. Register
    /// what runs already: the first heartbeat counts as every other one. Does nothing where there is no watchdog. Of any
    /// thread; until `stop()`.
    /// - Parameters:
    ///   - name: In the report; 63 bytes of it are kept. Names need not differ.
    ///   - sendHeartbeat: Has `answer` called there, once; it may be called on any thread. It runs on a thread of the
    ///     watchdog's and should return at once: as long as it blocks, this heartbeat counts as unanswered, and no other
    ///     is sent.
    /// - Returns: What ends that.
    @discardableResult
    public func watch(
        _ name: String, sendHeartbeat: @escaping @Sendable (_ answer: @escaping @Sendable () -> Void) -> Void
    ) -> WatchRegistration {
        watch(WatchedTarget(name, send: sendHeartbeat))
    }

    package func watch(_ target: WatchedTarget) -> WatchRegistration {
        guard isInForce, let watchdog else { return WatchRegistration(watchdog: nil, target: nil) }
        watchdog.add(target)
        return WatchRegistration(watchdog: watchdog, target: target)
    }
}
