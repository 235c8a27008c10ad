import CUnwindShim
import GMRCore
import Synchronization

/// The configuration as reports show it, published anew with each change.
final class ConfigurationRegistry: Sendable {
    static let shared = ConfigurationRegistry()

    private struct State {
        var record: ConfigurationRecord
        var secretKeys: SecretKeys
        /// What is published without secrets beside it.
        var setup: SetupRecord?
        /// Beside those in the configuration, the oldest first.
        var secrets: [String] = []

        /// Secrets are renewed for as long as a service runs; the oldest ones are worth nothing any more.
        private static let secretByteLimit = 256 * 1024

        mutating func add(_ secrets: [String]) {
            let known = Set(self.secrets)
            self.secrets += secrets.filter { !known.contains($0) }
            var byteCount = self.secrets.reduce(0) { $0 + $1.utf8.count }
            while byteCount > Self.secretByteLimit { byteCount -= self.secrets.removeFirst().utf8.count }
        }

        /// - Returns: False where it is too large.
        func publish() -> Bool {
            var record = record
            record.secrets += secrets
            let result = record.wireBytes.withUnsafeBytes {
                gmr_agent_publish(UInt32(GMR_PUBLISHED_CONFIGURATION), $0.baseAddress, UInt32(clamping: $0.count))
            }
            guard result == 0 else { return false }
            if var setup {
                setup.configuration = record
                _ = setup.withoutSecrets.wireBytes.withUnsafeBytes {
                    gmr_agent_publish(UInt32(GMR_PUBLISHED_RECORD), $0.baseAddress, UInt32(clamping: $0.count))
                }
            }
            return true
        }
    }

    private let state = Mutex(
        State(
            record: ConfigurationRecord(configuration: ConfigurationSnapshot(), secretKeys: SecretKeys()),
            secretKeys: SecretKeys()))

    /// Forgets everything before; this much is in the arena already.
    func start(with setup: SetupRecord) {
        let secretKeys = SecretKeys(extraWords: setup.settings.secretKeys)
        state.withLock { $0 = State(record: setup.configuration, secretKeys: secretKeys, setup: setup) }
    }

    /// The secrets of the one before stay known: they stand in command lines and in what was logged.
    /// - Returns: False where it is too large to be published: reports go on showing the one before.
    func set(_ configuration: ConfigurationSnapshot) -> Bool {
        state.withLock { state in
            var changed = state
            changed.record = ConfigurationRecord(configuration: configuration, secretKeys: state.secretKeys)
            let current = Set(changed.record.secrets)
            changed.add(state.record.secrets.filter { !current.contains($0) })
            guard changed.publish() else { return false }
            state = changed
            return true
        }
    }

    /// - Returns: False where the configuration leaves no room for it.
    func add(secret: String) -> Bool {
        state.withLock { state in
            state.add([secret])
            return state.publish()
        }
    }
}
