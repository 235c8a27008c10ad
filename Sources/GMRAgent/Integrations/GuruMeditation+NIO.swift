#if NIO
    public import NIOCore

    extension GuruMeditation {
        /// Has the watchdog send heartbeats through each event loop of a group, and make a report when one does not get
        /// to it for longer than `Settings.watchdogLimit`: some handler blocks it, or computes.
        ///
        /// ```swift
        /// let loops = gmr.watch(MultiThreadedEventLoopGroup.singleton)
        /// ```
        ///
        /// Reports name them `event loop 1`, `event loop 2`, in the group's own order. Does nothing where there is no
        /// watchdog. Of any thread; until `stop()`.
        /// - Parameter name: What comes before the number.
        /// - Returns: What ends that, one for each loop. Do so before the group is shut down: a loop that has ended takes
        ///   no heartbeat, and would be reported.
        @discardableResult
        public func watch(_ group: any EventLoopGroup, name: String = "event loop") -> [WatchRegistration] {
            group.makeIterator().enumerated().map { index, loop in
                watch("\(name) \(index + 1)") { answer in loop.execute(answer) }
            }
        }
    }
#endif
