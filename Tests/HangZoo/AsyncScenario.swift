// Swift tasks.
//
// Truth
//   swift-async  Task "blocked" holds a thread of the pool, named `pool-blocked`: asyncOuterCallsMiddle →
//                asyncMiddleCallsBlocked → blocksInMutex → mutex. Tasks without a thread: "continued" waits for a
//                continuation that nobody resumes, "child" sleeps for an hour, "parent" waits for "child".

import CHangZoo
import Dispatch

enum ZooCall {
    /// The number of futex on x86-64; Glibc's `SYS_futex` macro is not imported.
    static let futex = 202
}

@inline(never)
private func asyncMiddleCallsBlocked(_ adopted: DispatchSemaphore) {
    zoo_adopt("pool-blocked", ZooCall.futex)
    adopted.signal()
    blocksInMutex()
    zoo_keep_frame()
}

@inline(never)
private func asyncOuterCallsMiddle(_ adopted: DispatchSemaphore) async -> Int {
    asyncMiddleCallsBlocked(adopted)
    return 1
}

@inline(never)
private func continuedMiddleWaits() async {
    await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
}

@inline(never)
private func parentWaitsForChild() async -> Int {
    let child = Task(name: "child") {
        try? await Task.sleep(for: .seconds(3600))
        return 1
    }
    return await child.value
}

@Sendable func buildAsync() {
    let started = DispatchSemaphore(value: 0)
    Task.detached(name: "continued") {
        started.signal()
        await continuedMiddleWaits()
    }
    started.wait()
    Task.detached(name: "parent") {
        started.signal()
        _ = await parentWaitsForChild()
    }
    started.wait()
    Task.detached(name: "blocked") {
        _ = await asyncOuterCallsMiddle(started)
    }
    started.wait()
}
