/// Tells the stacks of tasks apart: of many tasks most have one of few.
struct StackKey: Hashable {
    private let addresses: [UInt64]
    /// The rest are of the thread that runs the task.
    private let asyncCount: Int

    init(_ frames: [Frame]) {
        addresses = frames.map(\.address)
        asyncCount = frames.count(where: \.isAsync)
    }
}
