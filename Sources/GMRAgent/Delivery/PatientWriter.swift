import Glibc

/// Writes text to a descriptor whose reader may have stopped reading: waits for it, but not for ever.
struct PatientWriter {
    /// Since the last byte that was taken. Less than the 2 s after which a silent helper is given up by default.
    var patience: Duration = .milliseconds(1500)
    /// Called whenever bytes were taken: the work goes on.
    var progress: () -> Void = {}

    /// A pipe that poll() finds writable takes as much at once (PIPE_BUF), even where its writes block.
    private static let chunkByteCount = 4096

    /// - Returns: 0, ETIMEDOUT where nothing was taken for `patience`, or another errno.
    func write(_ text: String, to descriptor: Int32) -> Int32 {
        // poll() looks at none below zero.
        guard descriptor >= 0 else { return EBADF }
        var text = text
        return text.withUTF8 { bytes in
            var rest = bytes[...]
            var lastProgress = ContinuousClock.now
            while !rest.isEmpty {
                let left = lastProgress + patience - .now
                guard left > .zero else { return ETIMEDOUT }
                var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                let ready = poll(&request, 1, Int32(clamping: left.nanoseconds / 1_000_000 + 1))
                if ready == 0 { continue }
                if ready < 0 {
                    if errno == EINTR { continue }
                    return errno
                }
                // A closed number polls as an error at once.
                if Int32(request.revents) & POLLNVAL != 0 { return EBADF }
                let chunk = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[rest.indices])
                let count = Glibc.write(descriptor, chunk.baseAddress, min(chunk.count, Self.chunkByteCount))
                if count > 0 {
                    rest = rest.dropFirst(count)
                    lastProgress = .now
                    progress()
                } else if count < 0, errno != EINTR, errno != EAGAIN {
                    return errno
                }
            }
            return 0
        }
    }
}
