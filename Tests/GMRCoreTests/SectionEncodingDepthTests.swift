import Foundation
import Testing

@testable import GMRCore

/// Values that nest too deep for a section, on a stack as large as that of a section's thread.
@Suite struct SectionEncodingDepthTests {
    private final class Node: Encodable {
        var next: Node?
        init(next: Node? = nil) { self.next = next }
    }

    /// Three calls of `encode(to:)` for each list: its own, the optional's, the tree's.
    private indirect enum Tree: Encodable {
        case leaf
        case list([Tree?])

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .leaf: try container.encode("leaf")
            case .list(let trees): try container.encode(trees)
            }
        }
    }

    @Test func whatASectionShowsCanBeEncoded() throws {
        @Sendable func chain(_ length: Int) -> Node { (1..<length).reduce(Node()) { node, _ in Node(next: node) } }
        let deepest = try encodeOnSmallStack { chain(SectionModel.maximumDepth) }.get()
        #expect(levels(of: deepest) == SectionModel.maximumDepth)
        #expect(throws: EncodingError.self) { try encodeOnSmallStack { chain(SectionModel.maximumDepth + 1) }.get() }
    }

    @Test func wrappersCountForLittle() throws {
        @Sendable func tree(_ depth: Int) -> Tree { (1..<depth).reduce(Tree.leaf) { tree, _ in .list([tree]) } }
        let deepest = try encodeOnSmallStack { tree(SectionModel.maximumDepth) }.get()
        #expect(levels(of: deepest) == SectionModel.maximumDepth)
        #expect(throws: EncodingError.self) { try encodeOnSmallStack { tree(SectionModel.maximumDepth + 1) }.get() }
    }

    @Test func whatRefersToItselfIsRefused() throws {
        let result = encodeOnSmallStack {
            let node = Node()
            node.next = node
            return node
        }
        let error = try #require(throws: EncodingError.self) { try result.get() }
        guard case .invalidValue(_, let context) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(context.debugDescription.hasPrefix("values nest more than 64 deep"))
        // Where a report cuts errors, the reason has been said.
        #expect("\(error)".count < 1000)
        #expect(context.codingPath.count == SectionModel.maximumDepth)
        #expect(context.codingPath.allSatisfy { $0.stringValue == "next" })
    }

    @Test func whatEncodesItselfInItsPlaceIsRefused() {
        final class Mirror: Encodable {
            func encode(to encoder: any Encoder) throws {
                var container = encoder.singleValueContainer()
                try container.encode(self)
            }
        }
        #expect(throws: EncodingError.self) { try encodeOnSmallStack { Mirror() }.get() }
    }

    @Test func nestedContainersAreRefusedInTheEnd() {
        struct Shaft: Encodable {
            func encode(to encoder: any Encoder) throws {
                var container = encoder.unkeyedContainer()
                for _ in 0..<5_000 { container = container.nestedUnkeyedContainer() }
            }
        }
        struct Tower: Encodable {
            func encode(to encoder: any Encoder) throws {
                var encoder = encoder
                for _ in 0..<5_000 {
                    var container = encoder.unkeyedContainer()
                    encoder = container.superEncoder()
                }
            }
        }
        #expect(throws: EncodingError.self) { try encodeOnSmallStack { Shaft() }.get() }
        #expect(throws: EncodingError.self) { try encodeOnSmallStack { Tower() }.get() }
    }

    /// 512 KB, as a section's generator has.
    private func encodeOnSmallStack(_ value: @escaping @Sendable () -> some Encodable) -> Result<
        SectionModel, any Error
    > {
        let box = ResultBox()
        let done = DispatchSemaphore(value: 0)
        let thread = Thread {
            box.result = Result { try SectionModel(encoding: value()) }
            done.signal()
        }
        thread.stackSize = 512 * 1024
        thread.start()
        done.wait()
        return box.result ?? .failure(CancellationError())
    }

    /// Written by the thread, read after it has signalled.
    private final class ResultBox: @unchecked Sendable {
        var result: Result<SectionModel, any Error>?
    }

    private func levels(of model: SectionModel) -> Int {
        switch model {
        case .keyValue(let pairs): 1 + (pairs.first.map { levels(of: $0.value) } ?? 0)
        case .list(let elements): 1 + (elements.first.map { levels(of: $0) } ?? 0)
        default: 1
        }
    }
}
