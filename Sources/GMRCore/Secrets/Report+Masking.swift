extension Report {
    /// So many are quickly done.
    static let tasksInAStep = 500

    /// Without secrets, wherever a format prints text.
    /// - Parameter progress: Called now and then: many tasks take a while.
    public func masked(by masker: SecretMasker, progress: () -> Void = {}) -> Report {
        var report = self
        report.process.executable = process.executable.map(masker.masked)
        report.process.arguments = masker.masked(arguments: process.arguments)
        report.process.host = process.host.map(masker.masked)
        report.process.serviceName = process.serviceName.map(masker.masked)
        report.package = package.masked(by: masker)
        report.configuration = configuration.masked(by: masker)
        report.sections = sections.map { $0.masked(by: masker) }
        for circle in report.locks.deadlocks.indices {
            for edge in report.locks.deadlocks[circle].edges.indices {
                let function = report.locks.deadlocks[circle].edges[edge].takenIn.map(masker.maskedCode)
                report.locks.deadlocks[circle].edges[edge].takenIn = function
            }
        }
        report.trigger.crash?.message = trigger.crash?.message.map(masker.masked)
        report.trigger.watchdog?.target = masker.masked(trigger.watchdog?.target ?? "")
        report.trigger.end?.memoryGroup?.path = masker.masked(trigger.end?.memoryGroup?.path ?? "")
        report.verdict.summary = masker.masked(verdict.summary)
        report.completeness.gaps = completeness.gaps.map(masker.masked)
        report.processes = processes.map { $0.masked(by: masker) }
        var memo: [String: String] = [:]
        for index in threads.indices { report.threads[index].mask(by: masker, memo: &memo) }
        var stacks = MaskedStacks()
        for index in tasks.indices {
            if index % Report.tasksInAStep == 0 { progress() }
            report.tasks[index].name = tasks[index].name.map(masker.masked)
            for local in tasks[index].locals.indices { report.tasks[index].locals[local].mask(by: masker) }
            report.tasks[index].waitsFor?.actorType = tasks[index].waitsFor?.actorType.map(masker.maskedCode)
            report.tasks[index].origin?.mask(by: masker, memo: &memo)
            report.tasks[index].frames = stacks.masked(tasks[index].frames, by: masker, memo: &memo)
        }
        return report
    }
}

extension TaskSnapshot.Local {
    fileprivate mutating func mask(by masker: SecretMasker) {
        value = masker.keys.contains(name) ? SecretMasker.mask : masker.masked(value, cutAt: Self.longestValue)
        name = masker.masked(name)
    }
}

/// Stacks of tasks: each once.
private struct MaskedStacks {
    private var stacks: [StackKey: [Frame]] = [:]

    mutating func masked(_ frames: [Frame], by masker: SecretMasker, memo: inout [String: String]) -> [Frame] {
        let key = StackKey(frames)
        if let known = stacks[key] { return known }
        var masked = frames
        for index in masked.indices { masked[index].mask(by: masker, memo: &memo) }
        stacks[key] = masked
        return masked
    }
}

extension Package {
    /// Without secrets.
    public func masked(by masker: SecretMasker) -> Package {
        Package(
            vendor: vendor.map(masker.masked), product: masker.masked(product), version: version.map(masker.masked))
    }
}

extension ThreadSnapshot {
    /// The kernel cuts a thread's name to so many bytes.
    fileprivate static let longestName = 15

    /// - Parameter memo: Threads have most of their frames' text in common.
    fileprivate mutating func mask(by masker: SecretMasker, memo: inout [String: String]) {
        name = name.map { masker.masked($0, cutAt: Self.longestName) }
        captureProblem = captureProblem.map(masker.masked)
        if let name = waitsFor?.name { waitsFor?.name = masker.maskedCode(name) }
        if let description = waitsFor?.description { waitsFor?.description = masker.masked(description) }
        if let owner = waitsFor?.ownerName { waitsFor?.ownerName = masker.masked(owner, cutAt: Self.longestName) }
        for index in frames.indices { frames[index].mask(by: masker, memo: &memo) }
    }
}

extension Frame {
    fileprivate mutating func mask(by masker: SecretMasker, memo: inout [String: String]) {
        Self.mask(&function, by: masker, memo: &memo)
        Self.mask(&mangled, by: masker, memo: &memo)
        Self.mask(&file, by: masker, memo: &memo)
        Self.mask(&source, by: masker, memo: &memo)
        Self.mask(&module, by: masker, memo: &memo)
        Self.mask(&modulePath, by: masker, memo: &memo)
    }

    private static func mask(_ text: inout String?, by masker: SecretMasker, memo: inout [String: String]) {
        guard let plain = text else { return }
        if let masked = memo[plain] {
            text = masked
            return
        }
        let masked = masker.maskedCode(plain)
        memo[plain] = masked
        text = masked
    }
}

extension ProcessNode {
    fileprivate func masked(by masker: SecretMasker) -> ProcessNode {
        var node = self
        node.command = command.map { command in
            // Without arguments the kernel's name for it, cut as a thread's name is.
            guard command.hasPrefix("["), command.hasSuffix("]") else { return masker.maskedCommand(command) }
            let name = String(command.dropFirst().dropLast())
            return "[" + masker.masked(masker.maskedCommand(name), cutAt: ThreadSnapshot.longestName) + "]"
        }
        node.user = user.map(masker.masked)
        node.children = children.map { $0.masked(by: masker) }
        return node
    }
}
