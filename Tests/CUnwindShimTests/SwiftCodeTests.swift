import CUnwindShim
import Foundation
import Testing

/// Swift units have no, or partial, .debug_aranges, and nest functions in the DIEs of others.
struct SwiftCodeTests {
    @Test(arguments: ["-O", "-Onone"])
    func everyInstructionAgreesWithLLVM(optimization: String) throws {
        guard Reference.hasLLVM() else { return }
        let workshop = try Workshop()
        try workshop.write(
            "program.swift",
            """
            struct Box<T: Hashable> {
                var items: [T] = []
                @inline(__always) func total(_ value: (T) -> Int) -> Int { items.map(value).reduce(0, +) }
                @inline(__always) mutating func add(_ item: T) { if !items.contains(item) { items.append(item) } }
            }
            @inline(never) func work(_ count: Int) async -> Int {
                var box = Box<Int>()
                for i in 0..<count { box.add(i &* 7 % 13) }
                await Task.yield()
                return box.total { $0 &* 3 }
            }
            final class Node {
                var next: Node?
                var value = 0
                @inline(never) func sum() -> Int {
                    var sum = value
                    func nested(_ k: Int) -> Int { k > 3 ? sum / (k - 3) : nested(k + 1) }
                    var node = next
                    while let n = node { sum += n.value; node = n.next }
                    return nested(sum)
                }
            }
            @main struct Program {
                static func main() async {
                    let node = Node()
                    node.next = Node()
                    let even = (0..<CommandLine.argc).map { Int($0) }.filter { $0 % 2 == 0 }.sorted()
                    print(await work(even.count), node.sum(), even)
                }
            }

            """)
        try workshop.run("swiftc \(optimization) -g -parse-as-library program.swift -o program")
        let addresses = try workshop.instructions("program")
        #expect(addresses.count > 500)
        let result = symbolize(workshop.path("program"), addresses)
        let expected = try Reference.llvm(workshop, "program", addresses)
        #expect(result.status == 0)
        #expect(result.frames.contains { $0.count > 2 } == (optimization == "-O"))
        let differences = zip(addresses, zip(result.frames, expected)).filter { $1.0.comparable != $1.1.comparable }
        #expect(differences.isEmpty, "\(differences.prefix(3))")
    }
}
