extension TextRenderer {
    private static let mostTreeLines = 200
    private static let mostSiblings = 20
    private static let deepest = 40

    /// Who is a child of whom, where anybody is: a line each, the children below their parents.
    static func writeTaskTree(_ tasks: [TaskSnapshot], to text: inout String) {
        let byID = tasks.byID
        var left = mostTreeLines
        for root in tasks where !root.children.isEmpty && root.parent.flatMap({ byID[$0] }) == nil {
            // What is still to be written, the next one last.
            var waiting: [(line: Line, depth: Int)] = [(.task(root), 0)]
            while let (line, depth) = waiting.popLast(), left > 0 {
                left -= 1
                let indent = String(repeating: "  ", count: depth + 1)
                switch line {
                case .rest(let count): writeLine("\(indent)… \(count) more of its children …", to: &text)
                case .task(let task):
                    writeLine(indent + identity(of: task) + facts(of: task), to: &text)
                    guard depth < deepest else { continue }
                    let children = task.children.compactMap { byID[$0] }
                    if children.count > mostSiblings {
                        waiting.append((.rest(children.count - mostSiblings), depth + 1))
                    }
                    waiting += children.prefix(mostSiblings).reversed().map { (.task($0), depth + 1) }
                }
            }
        }
        if left == 0 { writeLine("  … the rest of the tree is in the report's JSON alone …", to: &text) }
        if left < mostTreeLines { text += "\n" }
    }

    private enum Line {
        case task(TaskSnapshot)
        case rest(Int)
    }
}
