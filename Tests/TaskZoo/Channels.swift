// Both ends of an `AsyncChannel` wait for the other one. Programs of the trait TestPrograms, which brings the package.

#if TestPrograms
    import AsyncAlgorithms
    import ZooKit

    let channelPrograms: [String: @Sendable () async -> Void] = ["channel": waitsForChannels]

    @Sendable private func waitsForChannels() async {
        let unsent = AsyncChannel<Int>()
        for number in 1...2 {
            Task(name: "consumer \(number)") {
                await consumes(unsent)
                mark()
            }
        }
        let unread = AsyncChannel<Int>()
        Task(name: "sender") {
            await produces(for: unread)
            mark()
        }
        await settle()
    }

    @inline(never) private func receives(from channel: AsyncChannel<Int>) async {
        for await _ in channel { mark() }
    }

    @inline(never) private func consumes(_ channel: AsyncChannel<Int>) async {
        await receives(from: channel)
        mark()
    }

    @inline(never) private func sends(to channel: AsyncChannel<Int>) async {
        await channel.send(1)
        mark()
    }

    @inline(never) private func produces(for channel: AsyncChannel<Int>) async {
        await sends(to: channel)
        mark()
    }
#else
    let channelPrograms: [String: @Sendable () async -> Void] = [:]
#endif
