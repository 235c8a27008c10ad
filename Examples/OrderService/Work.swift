import Glibc

enum Thread {
    /// A named thread that nobody joins.
    static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        final class Start: Sendable {
            let name: String
            let body: @Sendable () -> Void
            init(name: String, body: @escaping @Sendable () -> Void) {
                self.name = name
                self.body = body
            }
        }
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { context in
                let start = Unmanaged<Start>.fromOpaque(context!).takeRetainedValue()
                if let comm = fopen("/proc/thread-self/comm", "w") {
                    fputs(start.name, comm)
                    fclose(comm)
                }
                start.body()
                return nil
            }, Unmanaged.passRetained(Start(name: name, body: body)).toOpaque())
    }
}

/// Never ends, never sleeps.
func computePrices() {
    var price: UInt64 = 1
    while true { price = nextPrice(after: price) }
}

@inline(never)
func nextPrice(after price: UInt64) -> UInt64 {
    price &* 6_364_136_223_846_793_005 &+ 1
}

/// Waits for a byte that nobody sends.
func readFromWarehouse() {
    var sockets: [Int32] = [0, 0]
    socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &sockets)
    var byte: UInt8 = 0
    read(sockets[0], &byte, 1)
}
