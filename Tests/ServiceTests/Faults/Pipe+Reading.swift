import Foundation
import ProcessKit

extension Pipe {
    /// Leaves no room in it.
    func fill(isNonblocking: Bool) {
        let descriptor = fileHandleForWriting.fileDescriptor
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        let page = [UInt8](repeating: UInt8(ascii: "\n"), count: 4096)
        while write(descriptor, page, page.count) > 0 {}
        if !isNonblocking { _ = fcntl(descriptor, F_SETFL, 0) }
    }

    /// Reads until a line with that text is complete. Blocks the calling thread.
    @available(*, noasync)
    func readText(
        until end: String, pieceByteCount: Int = 65536, pauseMicroseconds: UInt32 = 0
    ) throws -> String {
        let descriptor = fileHandleForReading.fileDescriptor
        let deadline = ContinuousClock.now + .seconds(30)
        var data = Data()
        var piece = [UInt8](repeating: 0, count: pieceByteCount)
        while true {
            var event = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let left = (deadline - .now) / .milliseconds(1)
            let ready = left > 0 ? poll(&event, 1, Int32(left) + 1) : 0
            if ready < 0 && errno == EINTR { continue }
            guard ready > 0 else {
                throw ProcessFailure(description: "no \"\(end)\" in \(String(decoding: data, as: UTF8.self))")
            }
            let count = read(descriptor, &piece, piece.count)
            guard count > 0 else { throw ProcessFailure(description: "the pipe ends without \"\(end)\"") }
            data += piece[..<count]
            let text = String(decoding: data, as: UTF8.self)
            if let range = text.range(of: end), text[range.upperBound...].contains("\n") { return text }
            usleep(pauseMicroseconds)
        }
    }
}
