import Glibc

/// Bytes of a file, or of a test.
protocol ByteSource {
    var byteCount: UInt64 { get }
    /// All of them; nil where a single one is not there.
    func bytes(at offset: UInt64, count: UInt64) -> [UInt8]?
}

extension ByteSource {
    /// Whether a range lies within, whatever the numbers are.
    func has(offset: UInt64, count: UInt64) -> Bool { offset <= byteCount && count <= byteCount - offset }
}

extension [UInt8]: ByteSource {
    var byteCount: UInt64 { UInt64(count) }

    func bytes(at offset: UInt64, count: UInt64) -> [UInt8]? {
        has(offset: offset, count: count) ? Array(self[Int(offset)..<Int(offset + count)]) : nil
    }
}

/// A regular file, read where it is needed: it may be replaced or cut meanwhile.
final class FileBytes: ByteSource {
    private let descriptor: Int32
    let byteCount: UInt64
    /// What tells files of one file system apart.
    let inode: UInt64

    /// Nil, with errno, for what cannot be read, and for what is no regular file.
    init?(path: String) {
        // O_NONBLOCK: a FIFO of that name must not hold us up.
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            byteCount = 0
            inode = 0
            return nil
        }
        byteCount = UInt64(clamping: status.st_size)
        inode = UInt64(status.st_ino)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// No more than 256 MiB at once: no section that is read whole is larger in any sound file.
    func bytes(at offset: UInt64, count: UInt64) -> [UInt8]? {
        guard has(offset: offset, count: count), count <= 256 << 20, let count = Int(exactly: count) else { return nil }
        let result = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = pread(
                    descriptor, buffer.baseAddress?.advanced(by: filled), count - filled, Int(offset) + filled)
                if got < 0 && errno == EINTR { continue }
                if got <= 0 { break }
                filled += got
            }
        }
        return result.count == count ? result : nil
    }
}

/// Numbers of a little-endian file.
extension [UInt8] {
    /// Nil where the bytes end before.
    func number<Number: FixedWidthInteger & UnsignedInteger>(_ type: Number.Type, at offset: Int) -> Number? {
        let width = Number.bitWidth / 8
        guard offset >= 0, count >= width, offset <= count - width else { return nil }
        return self[offset..<offset + width].reversed().reduce(0) { $0 << 8 | Number($1) }
    }

    /// The text up to NUL; nil where there is none.
    func text(at offset: Int) -> String? {
        guard offset >= 0, offset < count, let end = self[offset...].firstIndex(of: 0) else { return nil }
        return String(decoding: self[offset..<end], as: UTF8.self)
    }
}
