import GMRAgent
import Glibc

/// What the service is told on its command line.
struct ServiceOptions {
    struct Failure: Error {}

    /// Nothing but the product's name is said to GMR.
    var isMinimal = false
    var product = "orders"
    var version = "1.4.2"
    var serviceName: String?
    var signals: [SignalNumber]?
    var setUpSignals = true
    var logDirectory: String?
    var fileEventHandler: String?
    var sections: [String] = []
    var hasBrokenSection = false
    var configuration = ConfigurationSnapshot()
    var framework: Framework?
    /// Nil: standard error, or a directory.
    var sinks: [OwnSink]?
    /// Whether standard output says how each report went.
    var isObserved = false

    init(arguments: [String]) {
        var rest = arguments[...]
        while let option = rest.popFirst() {
            switch option {
            case "--minimal": isMinimal = true
            case "--product": product = rest.popFirst() ?? ""
            case "--version": version = rest.popFirst() ?? ""
            case "--service-name": serviceName = rest.popFirst()
            case "--signals": signals = rest.popFirst()?.split(separator: ",").compactMap { SignalNumber(String($0)) }
            case "--no-signals": setUpSignals = false
            case "--log-dir": logDirectory = rest.popFirst()
            case "--file-event-handler": fileEventHandler = rest.popFirst()
            case "--section": sections.append(rest.popFirst() ?? "")
            case "--broken-section": hasBrokenSection = true
            case "--framework": framework = Framework(rawValue: rest.popFirst() ?? "")
            case "--sink": sinks = (sinks ?? []) + [OwnSink(rawValue: rest.popFirst() ?? "")].compactMap(\.self)
            case "--observe": isObserved = true
            case "--admin-password": _ = rest.popFirst()
            case "--option": addOption(rest.popFirst() ?? "")
            default:
                writeLine("unknown option \(option)", to: STDERR_FILENO)
                exit(64)
            }
        }
    }

    /// `GROUP=KEY=VALUE`
    private mutating func addOption(_ text: String) {
        let words = text.split(separator: "=", maxSplits: 2).map(String.init)
        guard words.count == 3 else { return }
        let option = ConfigurationSnapshot.Option(key: words[1], value: words[2])
        if let index = configuration.groups.firstIndex(where: { $0.name == words[0] }) {
            configuration.groups[index].options.append(option)
        } else {
            configuration.groups.append(.init(name: words[0], options: [option]))
        }
    }
}
