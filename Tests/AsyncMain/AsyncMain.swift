import GMRAgent
import ZooKit

/// A program whose `main` is a task that waits for its children.
@main struct AsyncMain {
    static func main() async throws {
        try GuruMeditation.setUpAutorun(package: "AsyncMain", serviceName: "taskzoo")
        async let child: Void = waits()
        atRest(sayReady)
        await child
    }

    @inline(never) static func waits() async {
        await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
    }
}
