// The zoo's only tie to GMR. `ZOO_HAS_AGENT` is defined in Package.swift.

#if ZOO_HAS_AGENT
    import GMRAgent
    import Foundation

    let isAgentLinked = true

    // Kept for as long as the process lives.
    nonisolated(unsafe) private var gmr: GuruMeditation?

    func startAgent() {
        do {
            gmr = try GuruMeditation.setUpAutorun(
                package: Package(vendor: "GMR", product: "HangZoo", version: "1"), serviceName: "hangzoo")
            // Needs memory, as every section does: where that is not to be had the report must come all the same.
            gmr?.registerSection("Zoo") { ["animals": .list((0..<100).map { .text("animal \($0)") })] }
            if let path = ProcessInfo.processInfo.environment["ZOO_MINICORE"] {
                gmr?.registerSection("Minicore", deadline: .seconds(60)) { ZooMinicore(path: path).section() }
            }
        } catch {
            FileHandle.standardError.write(Data("HangZoo: no agent: \(error)\n".utf8))
            exit(70)
        }
    }
#else
    let isAgentLinked = false

    func startAgent() {}
#endif
