/// A section that was registered: what takes it out of further reports.
public struct SectionRegistration: Sendable {
    let number: UInt64

    /// Takes the section out of every further report. A report under way may still have it. Does nothing the second
    /// time, nor after `stop()`. Of any thread.
    public func unregister() {
        SectionRegistry.shared.remove(number)
    }
}
