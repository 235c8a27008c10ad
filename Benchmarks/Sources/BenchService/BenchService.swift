import BenchThreads
import CUnwindShim
import GMRAgent
import Glibc

/// The process that is measured. The driver sends a line on standard input, each is answered by one line:
///
///     setup              agent set up; ready
///     blocked N DEPTH    N threads blocked below DEPTH calls
///     queued N           N threads wait for a mutex that another one holds
///     tasks N MB         N tasks suspended below three async calls, spread over so much heap that is in use
///     interruptible      a thread in each of the calls that a signal would interrupt; how many
///     interrupted        how many early returns they saw
///     hot, cold          a thread that spins; and its end
///     reset, gap         forgets, tells its largest gap: wall, own, run delay, in nanoseconds
///     broadcast N        nanoseconds of N empty-handler broadcasts
///     stages             nanoseconds of the last capture: modules, threads, facts, unwinding
///     searched           bytes of heap in which the last report searched for tasks
///     frames             machine frames and threads of a report
///     crash              no answer any more: a fault on the main thread
///
/// End of input ends it.
public struct BenchService {
    private var gmr: GuruMeditation?

    public static func serve() async throws {
        bench_end_with_parent()
        var service = BenchService()
        while let line = readLine() {
            let answer = try await service.answer(line.split(separator: " ")) + "\n"
            guard write(STDOUT_FILENO, answer, answer.utf8.count) == answer.utf8.count else { return }
        }
    }

    private mutating func answer(_ words: [Substring]) async throws -> String {
        let numbers = words.dropFirst().compactMap { UInt32($0) }
        switch (words.first, numbers.count) {
        case ("setup", 0):
            gmr = try GuruMeditation.setUpAutorun(
                package: Package(vendor: "Example", product: "bench", version: "1"), serviceName: "bench")
            return "0"
        case ("blocked", 2): return "\(bench_start_blocked(numbers[0], numbers[1]))"
        case ("queued", 1): return "\(bench_start_queue(numbers[0]))"
        case ("tasks", 2):
            return "\(await BenchTasks.start(Int(numbers[0]), heapByteCount: UInt64(numbers[1]) * 1_000_000))"
        case ("interruptible", 0): return "\(bench_start_interruptible())"
        case ("interrupted", 0): return "\(bench_interrupted_count())"
        case ("hot", 0): return "\(bench_hot_start())"
        case ("cold", 0): bench_hot_stop()
        case ("reset", 0): bench_hot_reset()
        case ("gap", 0):
            let gap = bench_hot_gap()
            return "\(gap.wall) \(gap.own) \(gap.run_delay)"
        case ("broadcast", 1): return (0..<numbers[0]).map { _ in "\(bench_broadcast())" }.joined(separator: " ")
        case ("stages", 0): return stages()
        case ("searched", 0): return gmr_agent_arena().map { "\($0.pointee.tasks_searched_bytes)" } ?? "-1"
        case ("frames", 0): return try await frames()
        case ("crash", 0): bench_crash()
        default: return "-1"
        }
        return "0"
    }

    private func stages() -> String {
        guard let arena = gmr_agent_arena()?.pointee else { return "-1" }
        return "\(arena.modules_ns) \(arena.capture_ns) \(arena.facts_ns) \(arena.unwind_ns)"
    }

    private func frames() async throws -> String {
        guard let report = try await gmr?.report() else { return "-1" }
        let frames = report.threads.reduce(0) { $0 + $1.frames.count { !$0.isInlined } }
        return "\(frames) \(report.threads.count)"
    }
}
