import GMRAgent
import Glibc

/// A sink of the service, and what is wrong with it. Those that work say `taken` on standard output.
enum OwnSink: String, ReportSink {
    struct Refusal: Error, CustomStringConvertible {
        let description = "POST https://nova:hunter2@log.example/x: 401"
    }

    case throwing
    /// Waits for a lock that a deadlocked thread holds.
    case stuck
    case taking
    /// Asks for a report itself.
    case asking
    /// Registers a section `Made by a sink`, and takes it out the next time.
    case registering

    nonisolated(unsafe) private static var section: SectionRegistration?

    var name: String { "the \(rawValue) sink" }

    func deliver(_ report: FinishedReport) throws {
        switch self {
        case .throwing: throw Refusal()
        case .stuck: Deadlock.join()
        case .taking: break
        case .asking:
            Task {
                let count = try await gmr.report().threads.count
                writeLine("asked: \(count) threads", to: STDOUT_FILENO)
            }
        case .registering:
            if let section = Self.section {
                section.unregister()
            } else {
                Self.section = gmr.registerSection("Made by a sink") { "here" }
            }
        }
        writeLine("taken: \(report.report.sections.map(\.title))", to: STDOUT_FILENO)
    }
}
