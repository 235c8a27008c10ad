extension ReportStructure {
    /// Of fewer tasks each has its frames, whatever others have.
    private static let many = 1_000

    static func write(_ tasks: [TaskSnapshot], to writer: inout some StructureWriter, progress: () -> Void) {
        var firsts: [StackKey: UInt64] = [:]
        /// The task that has the same stack, and has been written with it.
        func first(for task: TaskSnapshot) -> UInt64? {
            guard tasks.count > many, !task.frames.isEmpty else { return nil }
            let key = StackKey(task.frames)
            if let first = firsts[key] { return first }
            firsts[key] = task.id
            return nil
        }
        writer.array { writer in
            for (index, task) in tasks.enumerated() {
                if index % Report.tasksInAStep == 0 { progress() }
                write(task, sameStackAs: first(for: task), to: &writer)
            }
        }
    }

    private static func write(_ task: TaskSnapshot, sameStackAs other: UInt64?, to writer: inout some StructureWriter) {
        writer.object { writer in
            writer.field("id", task.id)
            writer.field("name", task.name)
            writer.field("state", task.state.rawValue)
            writer.field("kind", task.kind.rawValue)
            writer.field("priority", task.priority)
            writer.field("cancelled", task.isCancelled)
            writer.field("thread", task.thread)
            writer.field("parent", task.parent)
            writer.field("children") { $0.array(of: task.children, inline: true) { $0.integer($1) } }
            if let wait = task.waitsFor { writer.field("waitsFor") { write(wait, to: &$0) } }
            if !task.locals.isEmpty {
                writer.field("locals") { writer in
                    writer.object(inline: true) { writer in
                        for local in task.locals { writer.field(local.name, local.value) }
                    }
                }
            }
            if task.isNew { writer.field("new", true) }
            if task.areFramesCut { writer.field("framesCut", true) }
            writer.field("sameStackAs", other)
            if other == nil { writer.field("frames") { $0.array(of: task.frames) { write($1, to: &$0) } } }
        }
    }

    private static func write(_ wait: TaskWait, to writer: inout some StructureWriter) {
        writer.object(inline: true) { writer in
            writer.field("kind", wait.kind.rawValue)
            writer.field("task", wait.task)
            writer.field("description", wait.description)
            writer.field("actorType", wait.actorType)
            writer.field("heldByTask", wait.heldByTask)
            writer.field("heldByThread", wait.heldByThread)
        }
    }
}
