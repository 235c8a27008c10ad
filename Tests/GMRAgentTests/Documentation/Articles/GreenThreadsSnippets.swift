import Dispatch
import GMRAgent

/// The code of the article *Green threads*.
enum GreenThreadsSnippets {
    // snippet
    enum RequestContext { @TaskLocal static var requestID: String? }
    // end

    static func locals(gmr: GuruMeditation) {
        // snippet
        gmr.showTaskLocal("request", RequestContext.$requestID)
        // end
    }
}

extension GreenThreadsSnippets {
    // snippet
    actor Bank {
        nonisolated func audit() {
            let isDone = DispatchSemaphore(value: 0)
            Task {
                await book()  // which needs the actor
                isDone.signal()
            }
            isDone.wait()
        }
        func close() { audit() }  // which has it meanwhile
        func book() {}
    }
    // end
}
