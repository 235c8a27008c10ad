import CGMRPreload
import CUnwindShim
import GMRAgent
import Glibc

// The functions of gmr.h, which says what they do.

@_cdecl("gmr_set")
public func set(setting: UnsafePointer<CChar>?, value: UnsafePointer<CChar>?) -> Int32 {
    guard let setting, let value else { return NativeError(EINVAL, "gmr_set() needs a setting and a value.").report() }
    return status { agent throws(NativeError) in
        try agent.set(String(cString: setting), to: String(cString: value))
        return 0
    }
}

@_cdecl("gmr_set_up")
public func setUp(package: UnsafePointer<gmr_package_t>?, serviceName: UnsafePointer<CChar>?) -> Int32 {
    guard let product = package?.pointee.product else {
        return NativeError(EINVAL, "gmr_set_up() needs a package with a product.").report()
    }
    let package = Package(
        vendor: package?.pointee.vendor.map { String(cString: $0) }, product: String(cString: product),
        version: package?.pointee.version.map { String(cString: $0) })
    let serviceName = serviceName.map { String(cString: $0) }
    return status { agent throws(NativeError) in
        try agent.setUp(package: package, serviceName: serviceName, isAutomatic: false)
        return 0
    }
}

@_cdecl("gmr_register_secret")
public func registerSecret(secret: UnsafePointer<CChar>?) -> Int32 {
    guard let secret else { return NativeError(EINVAL, "gmr_register_secret() needs a text.").report() }
    return withReports { $0.registerSecret(String(cString: secret)) }
}

@_cdecl("gmr_register_section")
public func registerSection(
    title: UnsafePointer<CChar>?, generator: NativeGenerator?,
    context: UnsafeMutableRawPointer?
) -> Int32 {
    guard let title, let generator else {
        return NativeError(EINVAL, "gmr_register_section() needs a title and a generator.").report()
    }
    // Whoever registers it answers for its use on another thread.
    nonisolated(unsafe) let context = context
    return status { agent throws(NativeError) in
        try agent.register(String(cString: title)) { try SectionWriter.run(generator, context: context) }
    }
}

@_cdecl("gmr_unregister_section")
public func unregisterSection(section: Int32) -> Int32 {
    status { agent throws(NativeError) in
        try agent.unregister(section)
        return 0
    }
}

@_cdecl("gmr_preload_show_heartbeats")
func showHeartbeats() {
    NativeAgent.shared.withLock { $0.showHeartbeats() }
}

@_cdecl("gmr_report")
public func report(descriptor: Int32) -> Int32 {
    var failure: NativeError?
    let found = withReports { reports in
        do throws(GuruMeditationError) {
            try reports.writeReport(to: descriptor)
        } catch {
            failure = NativeError(error)
        }
    }
    return failure?.report() ?? found
}

@_cdecl("gmr_stop")
public func stop() -> Int32 {
    let watches = NativeAgent.shared.withLock { agent -> [NativeWatch]? in
        agent.current == nil ? nil : agent.stop()
    }
    var failure: NativeError?
    for watch in watches ?? [] {
        do throws(NativeError) { try watch.end() } catch { failure = error }
    }
    if let failure { return failure.report() }
    // In a fork child there may be an agent all the same.
    return watches != nil || gmr_agent_stop() == 0 ? 0 : NativeError.notSetUp.report()
}

/// In a preloaded program, between its constructors and `main`. Whatever goes wrong, the program runs.
@_cdecl("gmr_preload_set_up")
func setUpPreloaded() {
    let environment = Setup.environment()
    func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    let package = Package(
        vendor: variable("GMR_PACKAGE_VENDOR"), product: variable("GMR_PACKAGE_PRODUCT") ?? Setup.executableName,
        version: variable("GMR_PACKAGE_VERSION"))
    let result = status { agent throws(NativeError) in
        try agent.setUp(package: package, serviceName: variable("GMR_SERVICE_NAME"), isAutomatic: true)
        return 0
    }
    if result != 0 { Setup.warn(String(cString: gmr_error())) }
}

private func status(_ body: (inout NativeAgent) throws(NativeError) -> Int32) -> Int32 {
    do throws(NativeError) {
        return try NativeAgent.shared.withLock { agent throws(NativeError) in try body(&agent) }
    } catch {
        return error.report()
    }
}

private func withReports(_ body: (GuruMeditation) -> Void) -> Int32 {
    guard let current = NativeAgent.shared.withLock({ $0.current }) else { return NativeError.notSetUp.report() }
    body(current)
    return 0
}
