import Foundation
import Testing

extension ZooSuites {
    /// What GMR's signal handlers do on the application's threads.
    @Suite(.enabled(if: ZooSuites.hasAgent)) struct HandlerTests {
        /// `struct counts` of Plugins/call_counter.c.
        private struct Counts {
            var armed: UInt32
            var applicationAllocations: UInt32
            var applicationLocks: UInt32
            var gmrCalls: UInt32
        }

        /// The scenario's threads spin or pause: whatever is counted on them, a handler called.
        @Test(.timeLimit(.minutes(5)))
        func handlersNeitherAllocateNorLock() throws {
            let directory = FileManager.default.temporaryDirectory.appending(path: "counter-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: directory) }
            let library = try ZooPlugin.build("call_counter", into: directory)
            let file = directory.appending(path: "counts")
            try Data(count: MemoryLayout<Counts>.size).write(to: file)
            let descriptor = open(file.path, O_RDWR)
            let mapping = mmap(nil, MemoryLayout<Counts>.size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
            close(descriptor)
            let counts = try #require(mapping).bindMemory(to: Counts.self, capacity: 1)
            defer { munmap(mapping, MemoryLayout<Counts>.size) }

            let environment = ["LD_PRELOAD": library, "COUNTER_FILE": file.path]
            try withZoo(ZooCatalog.named("spin"), environment: environment) { zoo in
                _ = try zoo.report()
                counts.pointee.armed = 1
                var signalled = 0
                for _ in 0..<100 {
                    signalled += try zoo.report().threads.count { $0.capture == "signal" }
                }
                #expect(signalled >= 100, "the hot thread answered by its handler")
                #expect(counts.pointee.applicationAllocations == 0)
                #expect(counts.pointee.applicationLocks == 0)
                #expect(counts.pointee.gmrCalls > 0, "sections allocate, so calls are counted at all")
            }
        }
    }
}
