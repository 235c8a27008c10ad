import GMRCore
import Testing

/// The manuals whose chapters the suites bear in their names. A test's name begins with the number of its sentence in
/// the chapter; blocks of code count as sentences.
enum Manual: String, CaseIterable, CustomTestStringConvertible {
    case heat = "Heat"
    case dragonflow = "Dragonflow"
    case manila = "Manila"
    case nova = "Nova"
    case aodh = "Aodh"

    var testDescription: String { rawValue }

    /// As in the manual's example.
    var serviceName: String {
        switch self {
        case .heat: "heat-api"
        case .dragonflow: "df-local-controller"
        case .manila: "manila-api"
        case .nova: "nova-compute"
        case .aodh: "aodh-listener"
        }
    }

    /// Each of them makes a report. Heat's older manual has the other one.
    var signals: [SignalNumber] {
        switch self {
        case .heat, .manila: [.usr1, .usr2]
        case .dragonflow, .nova: [.usr2]
        case .aodh: [.usr1]
        }
    }

    /// What a service of the manual says to `ReportService`.
    var arguments: [String] {
        [
            "--product", "OpenStack \(rawValue)", "--version", "13.0.0", "--service-name", serviceName,
            "--signals", signals.map(\.name).joined(separator: ","),
        ]
    }
}
