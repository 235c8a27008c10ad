#if ZOO_HAS_AGENT
    import CHangZoo
    import CUnwindShim
    import Foundation
    import GMRAgent

    /// Writes minicores of this process while a report is made of it, when the arena holds a capture.
    struct ZooMinicore {
        /// Of the first one; the others have something behind it.
        var path: String

        /// Of this thread, in microseconds.
        private static func processorTime() -> Int64 {
            var used = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used)
            return Int64(used.tv_sec) * 1_000_000 + Int64(used.tv_nsec) / 1000
        }

        /// How each of them went: 0 or a negative errno, and how long the thread computed for it.
        func section() -> SectionModel {
            let arena = gmr_agent_arena()!
            var results: [(key: String, value: SectionModel)] = []
            func write(_ name: String, to path: String, crash: gmr_minicore_crash_t? = nil) {
                let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
                defer { close(descriptor) }
                let begin = Self.processorTime()
                let error: Int32
                if var crash {
                    error = gmr_minicore_write(arena, &crash, descriptor)
                } else {
                    error = gmr_minicore_write(arena, nil, descriptor)
                }
                let microseconds = Self.processorTime() - begin
                results.append((name, ["error": .integer(Int64(error)), "microseconds": .integer(microseconds)]))
            }

            write("alive", to: path)
            let last = gmr_arena_slot(arena, arena.pointee.slot_count - 1)!
            write(
                "crashed", to: path + ".crashed",
                crash: gmr_minicore_crash_t(
                    tid: last.pointee.tid, signal: SIGSEGV, code: 1, sender_pid: 0, address: 0xdead_beef))
            write("full", to: "/dev/full")
            zoo_break_link_maps()
            write("loop", to: path + ".loop")
            zoo_mend_link_maps()
            waitForOutsider()
            return .keyValue(results)
        }

        /// Another process may write one too, for as long as the report is not done.
        private func waitForOutsider() {
            guard ProcessInfo.processInfo.environment["ZOO_MINICORE_WAITS"] != nil else { return }
            _ = FileManager.default.createFile(atPath: path + ".written", contents: nil)
            for _ in 0..<20_000 where !FileManager.default.fileExists(atPath: path + ".done") { usleep(1000) }
        }
    }
#endif
