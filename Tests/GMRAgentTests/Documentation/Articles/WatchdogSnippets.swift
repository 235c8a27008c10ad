import Dispatch
import GMRAgent

/// The code of the article *Watchdog*.
enum WatchdogSnippets {
    actor Accounts {
        func touch() {}
    }

    static func targets(gmr: GuruMeditation, rendererQueue: DispatchQueue, accounts: Accounts) {
        // snippet
        gmr.watch("renderer") { answer in rendererQueue.async(execute: answer) }
        gmr.watch("accounts") { answer in
            Task {
                await accounts.touch()
                answer()
            }
        }
        // end
    }
}
