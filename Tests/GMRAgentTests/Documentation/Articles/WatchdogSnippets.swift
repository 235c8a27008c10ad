import GMRAgent

/// The code of the article *Watchdog*.
enum WatchdogSnippets {
    /// As swift-nio has it.
    protocol EventLoop: Sendable {
        func execute(_ task: @escaping @Sendable () -> Void)
    }

    actor Accounts {
        func touch() {}
    }

    static func loops(gmr: GuruMeditation, eventLoop: any EventLoop, accounts: Accounts) {
        // snippet
        gmr.watch("event loop 1") { answer in eventLoop.execute(answer) }
        gmr.watch("accounts") { answer in
            Task {
                await accounts.touch()
                answer()
            }
        }
        // end
    }
}
