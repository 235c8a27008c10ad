/// Something that the watchdog sends heartbeats through: what ends that.
public struct WatchRegistration: Sendable {
    /// Nil where there is no watchdog.
    let watchdog: Watchdog?
    let target: WatchedTarget?

    /// Sends no further heartbeat. One under way may still be answered, but makes no report any more. Does nothing the
    /// second time, nor after `stop()`. Of any thread.
    public func unregister() {
        if let target { watchdog?.remove(target) }
    }
}
