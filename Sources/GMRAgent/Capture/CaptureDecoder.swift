import CUnwindShim
import GMRCore
import Glibc

/// Reads an arena into values. Nothing else reads raw captures; no number in them is trusted.
struct CaptureDecoder {
    private let arena: UnsafeMutablePointer<gmr_arena_header_t>
    private let header: gmr_arena_header_t
    /// Of a process that may have ended long ago, on another machine.
    let isRecord: Bool

    /// - Parameter arena: One that `gmr_arena_map` or `gmr_record_map` has checked, or this process's own.
    init(arena: UnsafeMutablePointer<gmr_arena_header_t>, isRecord: Bool = false) {
        self.arena = arena
        self.isRecord = isRecord
        header = arena.pointee
    }

    /// - Throws: `WireError` where the set-up record is damaged.
    func setup() throws(WireError) -> SetupRecord {
        if isRecord { return try SetupRecord(wireBytes: published(GMR_PUBLISHED_RECORD) ?? []) }
        return try SetupRecord(
            wireBytes: bytes(at: header.setup_offset, count: header.setup_bytes, limit: GMR_SETUP_CAPACITY_BYTES))
    }

    func capture() -> CapturedProcess {
        let modules = self.modules()
        let tasks = TaskDecoder(arena: arena)
        var threads: [CapturedThread] = []
        var gaps: [String] = []
        for slot in slots() {
            // One that ended while it was looked at is no part of the process any more.
            if gmr_slot_state(slot) == UInt32(GMR_SLOT_EXITED), slot.pointee.kernel_state == 0 { continue }
            let thread = self.thread(slot)
            if let problem = thread.snapshot.captureProblem { gaps.append("tid \(thread.snapshot.tid): \(problem)") }
            if slot.pointee.flags & UInt32(GMR_SLOT_RBP_SEARCHED) != 0 {
                gaps.append("tid \(thread.snapshot.tid): its frame pointer was searched for; a caller may be wrong")
            }
            threads.append(thread)
        }
        // Who crashed comes first.
        if let crashed = threads.firstIndex(where: \.snapshot.isCurrent) {
            threads.insert(threads.remove(at: crashed), at: 0)
        }
        if header.threads_dropped > 0 {
            gaps.append(
                "\(header.threads_dropped) threads beyond the first \(header.slot_capacity) were not read; "
                    + "GMR_MAX_THREADS sets how many are")
        }
        if header.modules_dropped > 0 { gaps.append("\(header.modules_dropped) modules did not fit the module table") }
        if header.capture_error != 0 {
            let error = Int32(truncatingIfNeeded: header.capture_error)
            gaps.append("the threads could not be listed: \(String(describingErrno: error))")
        }
        if header.lost_reports > 0 {
            let count = header.lost_reports == 1 ? "1 earlier report" : "\(header.lost_reports) earlier reports"
            gaps.append("\(count) lost: nobody took what was written (\(String(describingErrno: header.lost_error)))")
        }
        for (index, conflict) in withUnsafeBytes(of: header.signal_conflicts, Array.init).enumerated() {
            guard let text = gmr_signal_conflict_text(UInt32(conflict)) else { continue }
            gaps.append("\(SignalNumber(rawValue: Int32(index) + 1)?.name ?? "") \(String(cString: text))")
        }
        return CapturedProcess(
            pid: header.pid, generation: header.generation, trigger: trigger(),
            captured: Timestamp(nanosecondsSinceEpoch: Int64(clamping: header.realtime_ns)),
            factsRead: header.monotonic_ns &+ captureNanoseconds, threads: threads, tasks: tasks.tasks(),
            areTasksComplete: tasks.areComplete, semaphores: tasks.semaphores,
            mainQueue: header.main_queue,
            mainQueueDrainer: header.main_queue_drainer > 0 ? header.main_queue_drainer : nil, modules: modules,
            gaps: gaps + tasks.gaps,
            stages: Completeness.Stages(
                captureNanoseconds: captureNanoseconds, unwindNanoseconds: header.unwind_ns,
                tasksNanoseconds: tasks.nanoseconds, locksNanoseconds: header.locks_ns),
            uncapturedThreadCount: Int(header.threads_dropped))
    }

    /// Titles of the sections that the service has registered, in their order.
    func sectionTitles() -> [SectionTitle] {
        guard let bytes = published(GMR_PUBLISHED_SECTION_TITLES) else { return [] }
        var reader = WireReader(bytes)
        var titles: [SectionTitle] = []
        while !reader.isAtEnd, let title = try? reader.read(SectionTitle.self) { titles.append(title) }
        return titles
    }

    /// The configuration as it was said last; nil where nobody has said it since the set-up.
    func configuration() -> ConfigurationRecord? {
        published(GMR_PUBLISHED_CONFIGURATION).flatMap { try? ConfigurationRecord(wireBytes: $0) }
    }

    private func published(_ which: Int) -> [UInt8]? {
        let capacity = Int(GMR_PUBLICATION_CAPACITY_BYTES)
        let bytes = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            count = max(0, Int(gmr_arena_read_published(arena, UInt32(which), buffer.baseAddress)))
        }
        return bytes.isEmpty ? nil : bytes
    }

    /// How the report of this capture went.
    func summary() -> ReportSummary {
        let isDelivered: Bool? =
            switch Int(header.delivery) {
            case GMR_DELIVERED: true
            case GMR_DELIVERY_FAILED: false
            default: nil
            }
        return ReportSummary(
            trigger: trigger(), generated: Timestamp(nanosecondsSinceEpoch: Int64(clamping: header.realtime_ns)),
            threadCount: Int(header.slot_count) + Int(header.threads_dropped),
            stages: Completeness.Stages(
                captureNanoseconds: captureNanoseconds, unwindNanoseconds: header.unwind_ns,
                symbolizeNanoseconds: header.symbolize_ns == 0 ? nil : header.symbolize_ns,
                renderNanoseconds: header.render_ns == 0 ? nil : header.render_ns),
            isDelivered: isDelivered)
    }

    private var captureNanoseconds: UInt64 { header.modules_ns &+ header.capture_ns &+ header.facts_ns }

    /// The encoded sections that have arrived beyond the first `seenByteCount` bytes of them.
    func sectionBytes(beyond seenByteCount: UInt32) -> [UInt8] {
        let arrivedByteCount = min(gmr_load_acquire(&arena.pointee.section_bytes), GMR_SECTION_CAPACITY_BYTES)
        guard arrivedByteCount > seenByteCount else { return [] }
        let (offset, overflow) = header.section_offset.addingReportingOverflow(UInt64(seenByteCount))
        guard !overflow else { return [] }
        return bytes(at: offset, count: arrivedByteCount - seenByteCount, limit: GMR_SECTION_CAPACITY_BYTES)
    }

    // MARK: Parts

    /// Of an area that claims to be larger than it can be, what it can be; of one that is not in the arena, nothing.
    private func bytes(at offset: UInt64, count: UInt32, limit: UInt32) -> [UInt8] {
        let count = Int(min(count, limit))
        guard let start = place(at: offset, count: count) else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    /// Nil where the bytes are not all in the arena.
    private func place(at offset: UInt64, count: Int) -> UnsafeMutableRawPointer? {
        guard let start = Int(exactly: offset), let end = Int(exactly: header.arena_bytes) else { return nil }
        guard start <= end, count <= end - start else { return nil }
        return UnsafeMutableRawPointer(arena) + start
    }

    /// Those of this capture.
    private func slots() -> [UnsafeMutablePointer<gmr_slot_t>] {
        (0..<min(header.slot_count, header.slot_capacity, GMR_MAX_THREADS)).compactMap(slot)
            .filter { $0.pointee.generation == header.generation }
    }

    private func slot(_ index: UInt32) -> UnsafeMutablePointer<gmr_slot_t>? {
        guard let slot = gmr_arena_slot(arena, index), let next = gmr_arena_slot(arena, index + 1) else { return nil }
        let start = UInt(bitPattern: slot) &- UInt(bitPattern: arena)
        let end = UInt(bitPattern: next) &- UInt(bitPattern: arena)
        return start < end && UInt64(end) <= header.arena_bytes ? slot : nil
    }

    private func trigger() -> Trigger {
        let kind: Trigger.Kind =
            switch Int(header.trigger.kind) {
            case GMR_TRIGGER_FILE: .file
            case GMR_TRIGGER_API: .api
            case GMR_TRIGGER_CRASH: .crash
            case GMR_TRIGGER_WATCHDOG: .watchdog
            default: .signal
            }
        return Trigger(
            kind: kind, signal: SignalNumber(rawValue: header.trigger.signal)?.name,
            senderPID: header.trigger.sender_pid > 0 ? header.trigger.sender_pid : nil,
            crash: kind == .crash ? crash(header.crash) : nil,
            watchdog: header.trigger_kinds >> UInt32(GMR_TRIGGER_WATCHDOG) & 1 != 0 ? unansweredHeartbeat() : nil,
            coalescedCount: Int(header.coalesced_count))
    }

    private func unansweredHeartbeat() -> UnansweredHeartbeat {
        let target = withUnsafeBytes(of: header.watchdog_target) { $0.prefix { $0 != 0 }.map { $0 } }
        return UnansweredHeartbeat(
            target: PrintableText.string(fromUntrusted: target), silentNanoseconds: header.watchdog_silence_ns)
    }

    private func crash(_ crash: gmr_crash_t) -> Crash {
        let message = withUnsafeBytes(of: crash.message) {
            PrintableText.string(fromUntrusted: $0.prefix(Int(crash.message_bytes)).map { $0 })
        }
        let registers = withUnsafeBytes(of: crash.registers) { Array($0.bindMemory(to: UInt64.self)) }
        return Crash(
            signal: SignalNumber(rawValue: crash.signal)?.name ?? "signal \(crash.signal)",
            code: SignalCode.name(of: crash.code, signal: crash.signal),
            address: crash.flags & UInt32(GMR_CRASH_ADDRESS) != 0 ? crash.address : nil, thread: crash.tid,
            message: message.isEmpty ? nil : Demangler.demangle(exceptionIn: message),
            isStackOverflow: crash.flags & UInt32(GMR_CRASH_ADDRESS) != 0 && isJustBelowStack(crash),
            registers: zip(Self.registerNames, registers).map(Crash.Register.init))
    }

    /// Of the thread that crashed, as far as the stack could be read.
    private func isJustBelowStack(_ crash: gmr_crash_t) -> Bool {
        guard let slot = slots().first(where: { $0.pointee.tid == crash.tid }), slot.pointee.stack_bytes > 0 else {
            return false
        }
        return crash.address < slot.pointee.stack_base
            && slot.pointee.stack_base - crash.address <= Self.largestGuard
    }

    /// Locks that the crashed thread may have asked for: what a Swift method has for `self` in each of its first frames,
    /// and the word there.
    func crashedSelves() -> [(address: UInt64, word: UInt32?)] {
        withUnsafeBytes(of: header.crash.selves) { bytes in
            bytes.bindMemory(to: gmr_crash_self_t.self).map { ($0.address, $0.is_read != 0 ? $0.word : nil) }
        }
    }

    /// In bytes.
    private static let largestGuard: UInt64 = 256 * 1024

    /// In DWARF order, as `gmr_slot_t.registers`.
    private static let registerNames = [
        "rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
        "rip",
    ]

    /// In the order of the arena's table, none left out.
    func modules() -> [CapturedModule] {
        let count = Int(min(header.module_count, GMR_MODULE_CAPACITY))
        let start = place(at: header.module_offset, count: count * MemoryLayout<gmr_module_t>.stride)
        guard let table = start?.assumingMemoryBound(to: gmr_module_t.self) else { return [] }
        let strings = bytes(at: header.string_offset, count: header.string_bytes, limit: GMR_STRING_CAPACITY_BYTES)
        return (0..<count).map { index in
            let module = table[index]
            let path = strings.dropFirst(Int(module.path_offset)).prefix { $0 != 0 }
            let buildID = withUnsafeBytes(of: module.build_id) { $0.prefix(Int(module.build_id_bytes)).map { $0 } }
            return CapturedModule(
                start: module.start, end: max(module.start, module.end), loadBias: module.load_bias,
                path: String(decoding: path, as: UTF8.self), buildID: buildID,
                isDeleted: module.flags & UInt32(GMR_MODULE_DELETED) != 0,
                isVDSO: module.flags & UInt32(GMR_MODULE_VDSO) != 0)
        }
    }

    private func thread(_ slot: UnsafeMutablePointer<gmr_slot_t>) -> CapturedThread {
        let facts = slot.pointee
        let isCaptured = gmr_slot_state(slot) == UInt32(GMR_SLOT_CAPTURED)
        var snapshot = ThreadSnapshot(tid: facts.tid, capture: .none)
        if facts.facts & UInt32(GMR_FACT_COMM) != 0 {
            let name = withUnsafeBytes(of: facts.comm) { $0.prefix { $0 != 0 }.map { $0 } }
            snapshot.name = PrintableText.string(fromUntrusted: name)
        }
        snapshot.state = ThreadSnapshot.State(letter: facts.kernel_state)
        if facts.facts & UInt32(GMR_FACT_CPU_TIME) != 0 { snapshot.cpuNanoseconds = facts.cpu_ns }
        if facts.facts & UInt32(GMR_FACT_STATUS) != 0 { snapshot.voluntarySwitches = facts.voluntary_switches }
        if isCaptured, facts.syscall_number >= 0 {
            let number = Int(facts.syscall_number)
            snapshot.syscall = SyscallName.name(of: number) ?? "\(number)"
        }
        snapshot.captureProblem = problem(of: facts, isCaptured: isCaptured, state: gmr_slot_state(slot))
        guard isCaptured, let frames = gmr_slot_frames(slot) else {
            snapshot.stop = .unreadable
            return CapturedThread(snapshot: snapshot, frames: [])
        }
        switch Int(facts.method) {
        case GMR_CAPTURE_SIGNAL: snapshot.capture = .signal
        case GMR_CAPTURE_PTRACE: snapshot.capture = .ptrace
        case GMR_CAPTURE_CRASH:
            // It waits in its handler now, which is none of the program's business.
            snapshot.capture = .`self`
            snapshot.isCurrent = true
            snapshot.state = .running
        default: snapshot.capture = .noTouch
        }
        snapshot.stop =
            switch Int(facts.stop) {
            case GMR_STOP_COMPLETE: .complete
            case GMR_STOP_TRUNCATED: .truncated
            case GMR_STOP_NO_UNWIND_INFO: .noUnwindInfo
            default: .unreadable
            }
        let count = Int(min(facts.frame_count, UInt32(GMR_FRAME_CAPACITY)))
        return CapturedThread(
            snapshot: snapshot,
            frames: UnsafeBufferPointer(start: frames, count: count).map {
                CapturedFrame(
                    address: $0.address, isExact: $0.flags & UInt32(GMR_FRAME_EXACT) != 0,
                    isSignalTrampoline: $0.flags & UInt32(GMR_FRAME_SIGNAL) != 0)
            }, wait: wait(facts.wait), call: call(of: facts),
            task: facts.task == 0 ? nil : facts.task, executor: facts.executor == 0 ? nil : facts.executor,
            isTaskCertain: facts.task_is_certain == 1,
            firstArgument: firstArgument(of: facts))
    }

    private func call(of slot: gmr_slot_t) -> CapturedCall? {
        guard slot.syscall_number >= 0 else { return nil }
        let arguments = withUnsafeBytes(of: slot.syscall_args) { Array($0.bindMemory(to: UInt64.self)) }
        return CapturedCall(number: slot.syscall_number, arguments: arguments)
    }

    private func firstArgument(of slot: gmr_slot_t) -> UInt64? {
        guard Int(slot.method) == GMR_CAPTURE_SIGNAL, slot.known_registers >> UInt64(GMR_REG_RDI) & 1 != 0 else {
            return nil
        }
        return withUnsafeBytes(of: slot.registers) { $0.bindMemory(to: UInt64.self)[GMR_REG_RDI] }
    }

    private func wait(_ wait: gmr_wait_t) -> CapturedWait? {
        func has(_ flag: Int) -> Bool { wait.flags & UInt32(flag) != 0 }
        guard has(GMR_WAIT_FUTEX) else { return nil }
        let start = wait.address &- UInt64(GMR_WAIT_WORDS_BEFORE) * 4
        func words(_ bytes: UnsafeRawBufferPointer) -> CapturedWords {
            CapturedWords(start: start, words: Array(bytes.bindMemory(to: UInt32.self)))
        }
        return CapturedWait(
            address: wait.address,
            operation: has(GMR_WAIT_LOCK_PI) ? .lockPI : has(GMR_WAIT_BITSET) ? .waitBitset : .wait, value: wait.value,
            isTimed: has(GMR_WAIT_TIMED), isParked: has(GMR_WAIT_PARKED), isShared: has(GMR_WAIT_SHARED),
            memory: withUnsafeBytes(of: wait.words, words),
            queue: has(GMR_WAIT_QUEUE) ? queue(of: wait, state: wait.queue_state) : nil,
            handleOwner: has(GMR_WAIT_HANDLE) ? wait.handle_tid : nil,
            memoryAgain: has(GMR_WAIT_UNMOVED) ? withUnsafeBytes(of: wait.words_again, words) : nil,
            queueAgain: has(GMR_WAIT_QUEUE) ? queue(of: wait, state: wait.queue_state_again) : nil)
    }

    private func queue(of wait: gmr_wait_t, state: UInt32) -> CapturedQueue {
        let label = withUnsafeBytes(of: wait.queue_label) { $0.prefix { $0 != 0 }.map { $0 } }
        return CapturedQueue(
            address: wait.queue, owner: Int32(bitPattern: state & WaitReader.ownerMask),
            label: PrintableText.string(fromUntrusted: label))
    }

    /// Has the process look again at what its threads wait for. Blocks until then.
    /// - Parameter refused: Those of the threads that are parked which glibc has put to sleep for good. They are stopped
    ///   for a moment, if need be, to find the mutexes: then they wait for these by FUTEX_LOCK_PI, as they had begun to.
    /// - Returns: Nil where it does not answer.
    func secondLook(refused: Set<Int32> = []) -> SecondLook? {
        // For a worker that is late the arena may have another report by now.
        guard !isRecord, gmr_agent_waits_for_worker() != 0 else { return nil }
        for slot in slots() where refused.contains(slot.pointee.tid) {
            slot.pointee.wait.flags |= UInt32(GMR_WAIT_REFUSED)
        }
        guard gmr_arena_look_again(arena) != 0 else { return nil }
        var look = SecondLook(waits: [:], unmoved: [])
        for slot in slots() {
            look.waits[slot.pointee.tid] = wait(slot.pointee.wait)
            if slot.pointee.wait.flags & UInt32(GMR_WAIT_UNMOVED) != 0 { look.unmoved.insert(slot.pointee.tid) }
        }
        return look
    }

    /// Which threads have one of these values on their stacks, as far as those were copied.
    func threads(with values: Set<UInt64>) -> [UInt64: Set<Int32>] {
        guard !values.isEmpty else { return [:] }
        var found = Dictionary(uniqueKeysWithValues: values.map { ($0, Set<Int32>()) })
        for slot in slots() {
            for word in stack(of: slot) where values.contains(word) {
                found[word]?.insert(slot.pointee.tid)
            }
        }
        return found
    }

    /// False of a record that was made without them.
    var hasStacks: Bool { slots().contains { stack(of: $0).contains { $0 != 0 } } }

    private func stack(of slot: UnsafeMutablePointer<gmr_slot_t>) -> UnsafeBufferPointer<UInt64> {
        let count = Int(min(slot.pointee.stack_bytes, GMR_STACK_CAPACITY_BYTES)) / 8
        return UnsafeRawBufferPointer(start: gmr_slot_stack(slot), count: count * 8).bindMemory(to: UInt64.self)
    }

    /// Which frames of a thread have a word with this value, from the innermost one on, as far as its stack was copied.
    func frames(of tid: Int32, with value: UInt64) -> [Int] {
        guard let slot = slots().first(where: { $0.pointee.tid == tid }), let frames = gmr_slot_frames(slot) else {
            return []
        }
        let words = stack(of: slot)
        let places = words.indices.filter { words[$0] == value }.map { slot.pointee.stack_base &+ UInt64($0) * 8 }
        let frameCount = Int(min(slot.pointee.frame_count, UInt32(GMR_FRAME_CAPACITY)))
        let found = places.compactMap { place in (0..<frameCount).first { frames[$0].cfa > place } }
        return Set(found).sorted()
    }

    /// Why there is no stack, or less of it than there could be.
    private func problem(of slot: gmr_slot_t, isCaptured: Bool, state: UInt32) -> String? {
        func has(_ flag: Int) -> Bool { slot.flags & UInt32(flag) != 0 }
        if isCaptured {
            return slot.problem_errno == 0
                ? nil : "its stack pointer leads nowhere: \(String(describingErrno: slot.problem_errno))"
        }
        if state == UInt32(GMR_SLOT_EXITED) { return "it has ended; only its entry in the process is left" }
        let milliseconds = header.capture_ns / 1_000_000
        let masked = slot.blocked_signals >> UInt64(SIGPROF - 1) & 1 != 0
        if has(Int(GMR_SLOT_SIGNAL_REFUSED)) {
            return "it runs, and cannot be sent SIGPROF: \(String(describingErrno: slot.problem_errno))"
        }
        if masked { return "it runs with SIGPROF masked and did not sleep within \(milliseconds) ms" }
        return "it did not answer in \(milliseconds) ms"
    }
}
