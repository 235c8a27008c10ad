/// Threads that stand at the same place: same frames, same reason where the stack ends.
struct ThreadGroup: Equatable {
    /// In the order of the report; never empty.
    private(set) var threads: [ThreadSnapshot]

    var first: ThreadSnapshot { threads[0] }

    /// State and system call, where all the threads share them. Looks at every thread.
    var sharedActivity: String? {
        let isShared = threads.allSatisfy {
            $0.state == first.state && $0.syscall == first.syscall && $0.waitsFor == first.waitsFor
        }
        return isShared ? TextRenderer.activity(of: first) : nil
    }

    /// Groups in the order of their first threads.
    static func groups(of threads: [ThreadSnapshot]) -> [ThreadGroup] {
        /// Addresses tell most stacks apart, cheaply; what has the same ones is compared in full.
        var indicesByAddresses: [[UInt64]: [Int]] = [:]
        var groups: [ThreadGroup] = []
        for thread in threads {
            let addresses = thread.frames.map(\.address)
            let candidates = indicesByAddresses[addresses] ?? []
            if let index = candidates.first(where: { groups[$0].matches(thread) }) {
                groups[index].threads.append(thread)
            } else {
                indicesByAddresses[addresses, default: []].append(groups.count)
                groups.append(ThreadGroup(threads: [thread]))
            }
        }
        return groups
    }

    private func matches(_ thread: ThreadSnapshot) -> Bool {
        first.stop == thread.stop && (first.capture == .none) == (thread.capture == .none)
            && first.captureProblem == thread.captureProblem && first.frames == thread.frames
    }
}
