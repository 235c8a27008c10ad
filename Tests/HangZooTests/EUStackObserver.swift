import Foundation
import ProcessKit

/// Runs eu-stack of elfutils: an unwinder that shares no code with gdb or libunwind, to show that the comparison and
/// the zoo are right where there is no report. It lists physical frames only, and no thread names.
struct EUStackObserver: StackObserver {
    var label: String { "eu-stack" }

    @available(*, noasync)
    func threads(of pid: Int32) throws -> [ObservedThread] {
        let result = try ToolRun.run(
            "eu-stack", ["-p", "\(pid)", "-n", "0", "-r", "--debuginfo-path=/nonexistent"])
        var threads: [ObservedThread] = []
        for line in result.text.split(separator: "\n") {
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            if line.hasPrefix("TID "), let tid = Int32(line.dropFirst(4).dropLast()) {
                threads.append(ObservedThread(tid: tid, name: Self.name(of: tid, in: pid), frames: []))
            } else if line.hasPrefix("#"), words.count >= 2, let address = UInt64(words[1].dropFirst(2), radix: 16) {
                threads[threads.count - 1].frames.append(
                    ObservedFrame(address: address, name: words.count > 2 ? String(words[2]) : nil))
            }
        }
        guard !threads.isEmpty else {
            throw ObservationFailure(description: "eu-stack shows no stacks of \(pid):\n\(result.text)")
        }
        return threads
    }

    private static func name(of tid: Int32, in pid: Int32) -> String? {
        let comm = try? String(contentsOfFile: "/proc/\(pid)/task/\(tid)/comm", encoding: .utf8)
        return comm?.trimmingCharacters(in: .newlines)
    }
}
