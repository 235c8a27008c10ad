import Foundation
import Testing

@testable import GMRCore

/// What `SectionModel(encoding:)` makes of values that say themselves how they are encoded.
@Suite struct SectionEncodingTests {
    @Test func aStructIsAKeyValueInTheOrderOfItsProperties() throws {
        struct Limits: Encodable { var soft = 4, hard = 8 }
        struct Pool: Encodable {
            var size: UInt16 = 8
            var load = 0.5
            var healthy = true
            var hosts = ["db-2", "db-1"]
            var limits = Limits()
            var leader: String?
            var waiting: Int? = 31
            var nothing: [String] = []
        }
        #expect(
            try SectionModel(encoding: Pool()) == [
                "size": 8, "load": 0.5, "healthy": true, "hosts": ["db-2", "db-1"], "limits": ["soft": 4, "hard": 8],
                "waiting": 31, "nothing": [],
            ])
    }

    @Test func singleValues() throws {
        #expect(try SectionModel(encoding: "x") == "x")
        #expect(try SectionModel(encoding: true) == true)
        #expect(try SectionModel(encoding: -1) == -1)
        #expect(try SectionModel(encoding: 1.5) == 1.5)
        #expect(try SectionModel(encoding: Float(0.1)) == 0.1)
        #expect(try SectionModel(encoding: -Float.infinity) == .double(-.infinity))
        #expect(try SectionModel(encoding: nil as Int?) == nil)
        #expect(try SectionModel(encoding: [1, nil, 3]) == [1, nil, 3])
        #expect(try SectionModel(encoding: ["k": nil as Int?]) == ["k": nil])
    }

    @Test func integersOfEverySize() throws {
        struct Sizes: Encodable {
            var i8 = Int8.min, i16 = Int16.min, i32 = Int32.min, i64 = Int64.min, i128 = Int128.min, i = Int.max
            var u8 = UInt8.max, u16 = UInt16.max, u32 = UInt32.max, u64 = UInt64.max, u128 = UInt128.max, u = UInt(7)
            var small128 = Int128(5), f = Float(0.1)
        }
        #expect(
            try SectionModel(encoding: Sizes()) == [
                "i8": -128, "i16": -32768, "i32": -2_147_483_648, "i64": .integer(.min),
                "i128": "-170141183460469231731687303715884105728", "i": .integer(.max), "u8": 255, "u16": 65535,
                "u32": 4_294_967_295, "u64": "18446744073709551615",
                "u128": "340282366920938463463374607431768211455", "u": 7, "small128": 5, "f": 0.1,
            ])
        #expect(try SectionModel(encoding: [UInt64.max, 1]) == ["18446744073709551615", 1])
        #expect(try SectionModel(encoding: UInt128(9)) == 9)
        #expect(try SectionModel(encoding: Int128.max) == "170141183460469231731687303715884105727")
    }

    @Test func typesEncodeThemselves() throws {
        enum Raw: String, Codable { case up, down }
        enum Number: Int, Codable { case two = 2 }
        enum Payload: Encodable {
            case idle
            case busy(since: Int, with: Raw)
        }
        struct Empty: Encodable {}
        struct Silent: Encodable { func encode(to encoder: any Encoder) {} }
        #expect(try SectionModel(encoding: [Raw.up, .down]) == ["up", "down"])
        #expect(try SectionModel(encoding: Number.two) == 2)
        #expect(try SectionModel(encoding: Payload.idle) == ["idle": [:]])
        #expect(try SectionModel(encoding: Payload.busy(since: 1, with: .up)) == ["busy": ["since": 1, "with": "up"]])
        #expect(try SectionModel(encoding: Empty()) == [:])
        #expect(try SectionModel(encoding: [Silent()]) == [[:]])
        #expect(try SectionModel(encoding: [1: "one"]) == ["1": "one"])
        #expect(try SectionModel(encoding: Data([1, 2])) == [1, 2])
        #expect(try SectionModel(encoding: Date(timeIntervalSinceReferenceDate: 5)) == 5.0)
    }

    @Test func superclassesHaveAPlaceOfTheirOwn() throws {
        class Base: Encodable {
            var base = 1
        }
        final class Derived: Base {
            enum Key: CodingKey { case own, parent, last }
            override func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: Key.self)
                try container.encode("x", forKey: .own)
                try super.encode(to: container.superEncoder())
                try super.encode(to: container.superEncoder(forKey: .parent))
                try container.encode("y", forKey: .last)
            }
        }
        final class Listed: Base {
            override func encode(to encoder: any Encoder) throws {
                var container = encoder.unkeyedContainer()
                try container.encode(0)
                try super.encode(to: container.superEncoder())
                try container.encode(container.count)
            }
        }
        #expect(
            try SectionModel(encoding: Derived()) == [
                "own": "x", "super": ["base": 1], "parent": ["base": 1], "last": "y",
            ])
        #expect(try SectionModel(encoding: Listed()) == [0, ["base": 1], 2])
    }

    @Test func containersCanBeNestedAndKept() throws {
        struct Nested: Encodable {
            enum Key: CodingKey { case a, b, c }
            func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: Key.self)
                var inner = container.nestedContainer(keyedBy: Key.self, forKey: .a)
                var list = container.nestedUnkeyedContainer(forKey: .b)
                try container.encode(1, forKey: .c)
                try list.encode("first")
                var record = list.nestedContainer(keyedBy: Key.self)
                var innermost = list.nestedUnkeyedContainer()
                try list.encodeNil()
                try inner.encodeNil(forKey: .a)
                try record.encode(2, forKey: .b)
                try innermost.encode(true)
                // Asking again gives the same container, of the whole and of a key.
                var again = encoder.container(keyedBy: Key.self)
                var innerAgain = again.nestedContainer(keyedBy: Key.self, forKey: .a)
                try innerAgain.encode(3, forKey: .c)
                try again.encode(4, forKey: .c)
            }
        }
        #expect(
            try SectionModel(encoding: Nested())
                == ["a": ["a": nil, "c": 3], "b": ["first", ["b": 2], [true], nil], "c": 4])
    }

    @Test func errorsOfATypePass() throws {
        struct Failing: Encodable {
            func encode(to encoder: any Encoder) throws { throw CancellationError() }
        }
        #expect(throws: CancellationError.self) { try SectionModel(encoding: ["a": [Failing()]]) }
    }
}
