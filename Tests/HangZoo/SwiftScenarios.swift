// Swift frames: closures, generics, protocol witnesses.
//
// Truth
//   swift-closures  `closures`: closuresOuterCallsMiddle → a closure passed as an escaping argument → a closure nested in
//                   it → withExtendedLifetime's (inlined in release) → blocksInMutex → zoo_block_in_mutex → mutex.
//   swift-generics  `generics`: genericsOuterCallsMiddle → Cage<Int>.hold (generic, specialized in release) → the witness of
//                   Blocking.block through an existential → the default of a protocol extension → blocksInMutex.

import CHangZoo

struct SwiftScenario: Sendable {
    let name: String
    let truth: String
    let build: @Sendable () -> Void
}

let swiftScenarios: [SwiftScenario] = [
    SwiftScenario(name: "swift-closures", truth: "a mutex in nested closures", build: buildClosures),
    SwiftScenario(name: "swift-generics", truth: "a mutex below generics and a witness", build: buildGenerics),
    SwiftScenario(name: "swift-async", truth: "a task blocks the pool, others are suspended", build: buildAsync),
]

@inline(never)
func blocksInMutex() {
    zoo_block_in_mutex()
    zoo_keep_frame()
}

// MARK: closures

@inline(never)
private func calls(_ body: () -> Int) -> Int {
    let value = body()
    zoo_keep_frame()
    return value + 1
}

@inline(never)
private func closuresOuterCallsMiddle(_ names: [String]) -> Int {
    calls {
        let count = names.count
        return calls {
            withExtendedLifetime(names) { blocksInMutex() }
            return count
        }
    }
}

@Sendable private func buildClosures() {
    zoo_spawn("closures", ZooCall.futex, { _ in _ = closuresOuterCallsMiddle(["a", "b"]) }, nil)
}

// MARK: generics

private protocol Blocking {
    associatedtype Value
    var value: Value { get }
    func block() -> Value
}

extension Blocking {
    @inline(never)
    func block() -> Value {
        blocksInMutex()
        return value
    }
}

private struct Cage<Value>: Blocking {
    let value: Value

    @inline(never)
    func hold(_ other: any Blocking) -> String {
        let text = "\(value) \(other.block())"
        zoo_keep_frame()
        return text
    }
}

@inline(never)
private func genericsOuterCallsMiddle() -> String {
    let text = Cage(value: 1).hold(Cage(value: "one"))
    zoo_keep_frame()
    return text
}

@Sendable private func buildGenerics() {
    zoo_spawn("generics", ZooCall.futex, { _ in _ = genericsOuterCallsMiddle() }, nil)
}
