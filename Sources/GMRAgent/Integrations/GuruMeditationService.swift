#if ServiceLifecycle
    import GMRCore
    public import ServiceLifecycle

    /// Keeps reports on for as long as its service group runs, and puts earlier signal handlers back in the end.
    ///
    /// ```swift
    /// let gmr = try GuruMeditation.setUpAutorun(package: "orders")
    /// let group = ServiceGroup(services: [GuruMeditationService(gmr), server], logger: logger)
    /// ```
    /// Set GMR up before the group starts, and name it first: a service that hangs while it starts can be asked then
    /// already, and services end in the reverse order. Leave GMR's signals out of the group's own.
    public struct GuruMeditationService: Service {
        private let gmr: GuruMeditation

        public init(_ gmr: GuruMeditation) {
            self.gmr = gmr
        }

        /// Returns after a graceful shutdown or a cancellation, when GMR's threads have ended.
        public func run() async throws {
            // Both end the service; neither is an error of it.
            try? await gracefulShutdown()
            await withCheckedContinuation { continuation in
                let stop: @Sendable () -> Void = {
                    gmr.stop()
                    continuation.resume()
                }
                // stop() blocks, which no thread of the concurrency pool should do.
                if DetachedThread.start(name: "gmr-stop", stop) != 0 { stop() }
            }
        }
    }
#endif
