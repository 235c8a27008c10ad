extension ReportStructure {
    /// So much of stacks that other tasks have too is written again.
    private static let mostRepeatedBytes = 64 << 20

    static func write(_ tasks: [TaskSnapshot], to writer: inout some StructureWriter, progress: () -> Void) {
        var stacks: [StackKey: (first: UInt64, fragment: [UInt8])] = [:]
        var bytesLeft = mostRepeatedBytes
        writer.array { writer in
            for (index, task) in tasks.enumerated() {
                if index % Report.tasksInAStep == 0 { progress() }
                let key = StackKey(task.frames)
                var stack = stacks[key] ?? (task.id, [])
                bytesLeft -= stack.fragment.count
                writer.object { writer in
                    writeFacts(of: task, to: &writer)
                    if bytesLeft < 0 && !stack.fragment.isEmpty {
                        writer.field("sameStackAs", stack.first)
                    } else {
                        writer.repeated(&stack.fragment) { writer in
                            writer.field("frames") { $0.array(of: task.frames) { write($1, to: &$0) } }
                        }
                    }
                }
                stacks[key] = stack
            }
        }
    }

    private static func writeFacts(of task: TaskSnapshot, to writer: inout some StructureWriter) {
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
        writer.field("ageNanoseconds", task.ageNanoseconds)
        writer.field("unchangedNanoseconds", task.unchangedNanoseconds)
        if let origin = task.origin { writer.field("origin") { write(origin, to: &$0) } }
        if task.isNew { writer.field("new", true) }
        if task.areFramesCut { writer.field("framesCut", true) }
    }

    private static func write(_ wait: TaskWait, to writer: inout some StructureWriter) {
        writer.object(inline: true) { writer in
            writer.field("kind", wait.kind.rawValue)
            writer.field("task", wait.task)
            writer.field("description", wait.description)
            writer.field("actorType", wait.actorType)
            writer.field("heldByTask", wait.heldByTask)
            writer.field("heldByThread", wait.heldByThread)
            writer.field("onlyThread", wait.onlyThread)
        }
    }
}
