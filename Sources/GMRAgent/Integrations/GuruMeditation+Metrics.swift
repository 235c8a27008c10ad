#if Metrics
    public import CoreMetrics
    import GMRCore
    import Metrics

    extension GuruMeditation {
        /// Counts and times every report from now on:
        ///
        /// | metric | kind | what |
        /// |---|---|---|
        /// | `gmr_reports_total` | counter, dimension `trigger` | reports by what made them, as `Trigger.Kind` |
        /// | `gmr_report_failures_total` | counter | reports that nobody took |
        /// | `gmr_capture_seconds` | timer | reading and unwinding the threads |
        /// | `gmr_render_seconds` | timer | symbols and text |
        ///
        /// - Parameter factory: Nil: the one that `MetricsSystem` was bootstrapped with.
        public func recordMetrics(factory: (any MetricsFactory)? = nil) {
            let factory = factory ?? MetricsSystem.factory
            let capture = Timer(label: "gmr_capture_seconds", dimensions: [], factory: factory)
            let render = Timer(label: "gmr_render_seconds", dimensions: [], factory: factory)
            let failures = Counter(label: "gmr_report_failures_total", dimensions: [], factory: factory)
            addObserver { summary in
                let trigger = [("trigger", summary.trigger.kind.rawValue)]
                Counter(label: "gmr_reports_total", dimensions: trigger, factory: factory).increment()
                let stages = summary.stages
                capture.recordNanoseconds(
                    Int64(clamping: (stages.captureNanoseconds ?? 0) &+ (stages.unwindNanoseconds ?? 0)))
                if let rendering = stages.renderNanoseconds {
                    render.recordNanoseconds(Int64(clamping: rendering &+ (stages.symbolizeNanoseconds ?? 0)))
                }
                if summary.isDelivered == false { failures.increment() }
            }
        }
    }
#endif
