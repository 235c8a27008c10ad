import CUnwindShim
import GMRCore
import Synchronization

/// The configuration as reports show it, published anew with each change.
final class ConfigurationRegistry: Sendable {
    static let shared = ConfigurationRegistry()

    private let record = Mutex(ConfigurationRecord(configuration: ConfigurationSnapshot()))

    /// Forgets everything before.
    func start(with record: ConfigurationRecord) {
        self.record.withLock { $0 = record }
    }

    /// Changes it.
    /// - Returns: False where it is too large to be published: reports go on showing it as it was.
    @discardableResult
    func update(_ change: (inout ConfigurationRecord) -> Void) -> Bool {
        record.withLock { record in
            var changed = record
            change(&changed)
            guard changed != record else { return true }
            guard publish(changed) else { return false }
            record = changed
            return true
        }
    }

    private func publish(_ record: ConfigurationRecord) -> Bool {
        record.wireBytes.withUnsafeBytes {
            gmr_agent_publish(UInt32(GMR_PUBLISHED_CONFIGURATION), $0.baseAddress, UInt32(clamping: $0.count))
        } == 0
    }
}
