import CUnwindShim
import Synchronization

extension GuruMeditation {
    /// Shows the value of a task-local variable with every Swift task that has one: the number of a request, a tenant.
    ///
    /// ```swift
    /// enum RequestContext { @TaskLocal static var requestID: String? }
    /// gmr.showTaskLocal("request", RequestContext.$requestID)
    /// ```
    ///
    /// Reports then say `Task 17 [request 4711]`, and in JSON `"locals": {"request": "4711"}`. Secrets in values are
    /// masked, and values whose name says that they are one. Where nothing is bound nothing is shown, as for nil and
    /// empty text; text beyond 128 bytes is cut, and names beyond 31. At most 8 variables: a further one costs a line on
    /// standard error. Of any thread; until `stop()`.
    public func showTaskLocal(_ name: String, _ variable: TaskLocal<String?>) {
        show(variable, name, GMR_TASK_LOCAL_STRING)
    }

    /// The same for a variable that is never nil.
    public func showTaskLocal(_ name: String, _ variable: TaskLocal<String>) {
        show(variable, name, GMR_TASK_LOCAL_STRING)
    }

    /// The same for a number.
    public func showTaskLocal(_ name: String, _ variable: TaskLocal<Int>) {
        show(variable, name, GMR_TASK_LOCAL_INT)
    }

    /// The same for a number that may be missing.
    public func showTaskLocal(_ name: String, _ variable: TaskLocal<Int?>) {
        show(variable, name, GMR_TASK_LOCAL_OPTIONAL_INT)
    }

    private func show(_ variable: AnyObject & Sendable, _ name: String, _ kind: Int) {
        guard isInForce, !TaskLocals.shared.show(variable, name: name, kind: UInt32(kind)) else { return }
        Setup.warn("the task-local variable \"\(name)\" is not shown: \(GMR_TASK_LOCAL_CAPACITY) others are already.")
    }
}

/// The task-local variables that reports show. They are read by address, and so must last.
final class TaskLocals: Sendable {
    static let shared = TaskLocals()

    private let shown = Mutex<[any AnyObject & Sendable]>([])

    /// - Returns: False where there are too many.
    func show(_ variable: AnyObject & Sendable, name: String, kind: UInt32) -> Bool {
        shown.withLock { shown in
            if shown.contains(where: { $0 === variable }) { return true }
            let key = Unmanaged.passUnretained(variable).toOpaque()
            guard gmr_agent_show_task_local(key, kind, name) == 0 else { return false }
            shown.append(variable)
            return true
        }
    }

    func hideAll() {
        shown.withLock { shown in
            gmr_agent_hide_task_locals()
            shown.removeAll()
        }
    }
}
