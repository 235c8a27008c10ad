import CUnwindShim
import GMRCore
import Synchronization

/// The configuration as reports show it, published anew with each change.
final class ConfigurationRegistry: Sendable {
    static let shared = ConfigurationRegistry()

    private struct State {
        var configuration = ConfigurationSnapshot()
        /// Beside those in the configuration.
        var secrets: [String] = []
        var secretKeys = SecretKeys()

        var record: ConfigurationRecord {
            ConfigurationRecord(configuration: configuration, secretKeys: secretKeys, secrets: secrets)
        }
    }

    private let state = Mutex(State())

    /// Forgets everything before; this much is in the set-up record already.
    func start(with configuration: ConfigurationSnapshot, secretKeys: SecretKeys) {
        state.withLock { $0 = State(configuration: configuration, secretKeys: secretKeys) }
    }

    /// - Returns: False where it is too large to be published: reports go on showing the one before.
    func set(_ configuration: ConfigurationSnapshot) -> Bool {
        change { $0.configuration = configuration }
    }

    func add(secret: String) {
        _ = change { state in
            if !state.secrets.contains(secret) { state.secrets.append(secret) }
        }
    }

    private func change(_ change: (inout State) -> Void) -> Bool {
        state.withLock { state in
            var changed = state
            change(&changed)
            let result = changed.record.wireBytes.withUnsafeBytes {
                gmr_agent_publish(UInt32(GMR_PUBLISHED_CONFIGURATION), $0.baseAddress, UInt32(clamping: $0.count))
            }
            if result == 0 { state = changed }
            return result == 0
        }
    }
}
