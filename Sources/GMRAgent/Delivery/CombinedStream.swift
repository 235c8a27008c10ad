/// Several streams that get the same. One that fails costs itself alone; the report is lost where all have failed.
struct CombinedStream: ReportStream {
    private var streams: [any ReportStream]
    private var lastError: DeliveryError?

    init(_ streams: [any ReportStream]) {
        self.streams = streams
    }

    mutating func write(_ text: String) throws(DeliveryError) {
        try each { stream throws(DeliveryError) in try stream.write(text) }
    }

    mutating func finish() throws(DeliveryError) {
        try each { stream throws(DeliveryError) in try stream.finish() }
    }

    private mutating func each(_ body: (inout any ReportStream) throws(DeliveryError) -> Void) throws(DeliveryError) {
        var working: [any ReportStream] = []
        for var stream in streams {
            do {
                try body(&stream)
                working.append(stream)
            } catch {
                lastError = error
            }
        }
        streams = working
        if working.isEmpty, let lastError { throw lastError }
    }
}
