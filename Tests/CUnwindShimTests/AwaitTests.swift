import CUnwindShim
import Foundation
import Testing

/// Where a suspended Swift function will go on stands for the `await` that it is in.
struct AwaitTests {
    private static let program = """
        @inline(never) func charge(_ n: Int) async -> Int {
            await Task.yield()
            return n
        }
        @inline(__always) func pay(_ n: Int) async -> Int {
            let paid = await charge(n)
            return paid + 1
        }
        @inline(__always) func book(_ n: Int) async -> Int {
            let booked = await pay(n)
            return booked * 2
        }
        @inline(never) func order(_ n: Int) async -> Int {
            let sum = await book(n)
            return sum + 3
        }
        @main struct Program {
            static func main() async { print(await order(Int(CommandLine.argc))) }
        }

        """

    @Test func awaitsThatAreInlinedAreThere() throws {
        let frames = try frames(optimization: "-O")
        #expect(
            frames.map(\.name) == ["$s7program3payyS2iYaF", "$s7program4bookyS2iYaF", "$s7program5orderyS2iYaFTQ0_"])
        #expect(frames.map(\.line) == [6, 10, 14])
        #expect(frames.map(\.isInlined) == [true, true, false])
    }

    @Test func withoutOptimizationTheLineIsThatOfTheAwait() throws {
        let frames = try frames(optimization: "-Onone")
        #expect(frames.map(\.name) == ["$s7program5orderyS2iYaFTQ0_"] && frames.map(\.line) == [14])
    }

    /// At the place where `order` goes on after it has awaited.
    private func frames(optimization: String) throws -> [SourceFrame] {
        let workshop = try Workshop()
        try workshop.write("program.swift", Self.program)
        try workshop.run("swiftc \(optimization) -g -parse-as-library program.swift -o program")
        let symbols = try workshop.run("nm program").split(separator: "\n")
        let symbol = try #require(symbols.first { $0.hasSuffix(" $s7program5orderyS2iYaFTQ0_") })
        let address = try #require(UInt64(symbol.prefix { $0 != " " }, radix: 16))
        return try #require(symbolize(workshop.path("program"), [address], showsAwaits: true).frames.first)
    }
}
