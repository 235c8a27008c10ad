import GMRCore

/// What makes a section's data: on a thread of its own, or as a task.
enum SectionGenerator: Sendable {
    case synchronous(@Sendable () throws -> SectionModel)
    case asynchronous(@Sendable () async throws -> SectionModel)
}
