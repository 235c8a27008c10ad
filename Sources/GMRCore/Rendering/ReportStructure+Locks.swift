extension ReportStructure {
    static func write(_ verdict: Verdict, to writer: inout some StructureWriter) {
        writer.object { writer in
            writer.field("kind", verdict.kind.rawValue)
            writer.field("summary", verdict.summary)
            writer.field("threads") { $0.array(of: verdict.threads, inline: true) { $0.integer($1) } }
            writer.field("tasks") { $0.array(of: verdict.tasks, inline: true) { $0.integer($1) } }
        }
    }

    static func write(_ wait: LockWait, to writer: inout some StructureWriter) {
        writer.object(inline: true) { writer in
            writer.field("kind", wait.kind.rawValue)
            writer.field("address", wait.address?.hexadecimal)
            writer.field("name", wait.name)
            writer.field("description", wait.description)
            writer.field("mode", wait.mode?.rawValue)
            writer.field("timed", wait.isTimed)
            if wait.isProcessShared { writer.field("processShared", true) }
            if wait.isRefused { writer.field("refused", true) }
            writer.field("owner", wait.owner)
            writer.field("ownerName", wait.ownerName)
            writer.field("ownerProcess", wait.ownerProcess)
            writer.field("ownerAlive", wait.isOwnerAlive)
            writer.field("certainty", wait.certainty.rawValue)
        }
    }

    static func write(_ locks: Locks, to writer: inout some StructureWriter) {
        writer.object { writer in
            writer.field("deadlocks") { writer in
                writer.array { writer in
                    for deadlock in locks.deadlocks { write(deadlock, to: &writer) }
                    for circle in locks.taskCircles { write(circle, to: &writer) }
                }
            }
            writer.field("queues") { $0.array(of: locks.queues) { write($1, to: &$0) } }
        }
    }

    private static func write(_ deadlock: Locks.Deadlock, to writer: inout some StructureWriter) {
        writer.object { writer in
            writeHead(deadlock.certainty, isTimed: deadlock.isTimed, threads: deadlock.threads, tasks: [], to: &writer)
            writer.field("edges") { writer in
                writer.array(of: deadlock.edges) { writer, edge in
                    writer.object(inline: true) { writer in
                        writer.field("waiter", edge.waiter)
                        writer.field("owner", edge.owner)
                        writer.field("kind", edge.kind.rawValue)
                        writer.field("address", edge.address?.hexadecimal)
                        writer.field("takenIn", edge.takenIn)
                    }
                }
            }
        }
    }

    /// What every deadlock has, whoever is in it.
    private static func writeHead(
        _ certainty: LockWait.Certainty, isTimed: Bool, threads: [Int32], tasks: [UInt64],
        to writer: inout some StructureWriter
    ) {
        writer.field("certainty", certainty.rawValue)
        writer.field("timed", isTimed)
        writer.field("threads") { $0.array(of: threads, inline: true) { $0.integer($1) } }
        writer.field("tasks") { $0.array(of: tasks, inline: true) { $0.integer($1) } }
    }

    private static func write(_ circle: TaskCircle, to writer: inout some StructureWriter) {
        writer.object { writer in
            writeHead(circle.certainty, isTimed: false, threads: circle.threads, tasks: circle.tasks, to: &writer)
            writer.field("edges") { $0.array(inline: true) { _ in } }
            writer.field("path") { writer in
                writer.array(of: circle.steps) { writer, step in
                    writer.object(inline: true) { writer in
                        writer.field("thread", step.thread)
                        writer.field("task", step.task)
                        writer.field("waitsFor", step.wait.name)
                        writer.field("address", step.wait.address?.hexadecimal)
                    }
                }
            }
        }
    }

    private static func write(_ queue: Locks.Queue, to writer: inout some StructureWriter) {
        writer.object(inline: true) { writer in
            writer.field("kind", queue.kind.rawValue)
            writer.field("address", queue.address?.hexadecimal)
            writer.field("owner", queue.owner)
            writer.field("waiters") { $0.array(of: queue.waiters, inline: true) { $0.integer($1) } }
        }
    }
}
