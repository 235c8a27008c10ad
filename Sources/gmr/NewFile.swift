#if Tool
    import ArgumentParser
    import Glibc

    /// A file for nobody else's eyes: reports hold what a process was doing.
    struct NewFile {
        private let path: String

        init(_ path: String) {
            self.path = path
        }

        /// In the place of what was there.
        func write(_ text: String) throws {
            try fill { descriptor in
                var rest = Array(text.utf8)[...]
                while !rest.isEmpty {
                    let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
                    if written < 0, errno == EINTR { continue }
                    guard written > 0 else { throw failure() }
                    rest = rest.dropFirst(written)
                }
            }
        }

        /// By what writes to a descriptor.
        func fill(by body: (Int32) throws -> Void) throws {
            let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw failure() }
            defer { close(descriptor) }
            try body(descriptor)
        }

        private func failure() -> ValidationError {
            ValidationError("\(path) cannot be written: \(String(cString: strerror(errno))).")
        }
    }
#endif
