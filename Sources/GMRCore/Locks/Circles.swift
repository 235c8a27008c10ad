/// Circles among elements each of which leads to one other at most, so that every path ends outside, or in exactly one
/// circle.
enum Circles {
    /// Every circle once, the smallest element of each first, without those who only lead to it. Linear in the number of
    /// elements.
    static func all<Element: Hashable & Comparable>(
        from starts: [Element], next: (Element) -> Element?
    ) -> [[Element]] {
        var circles: [[Element]] = []
        var isDone: Set<Element> = []
        for start in starts where !isDone.contains(start) {
            var path: [Element] = []
            var places: [Element: Int] = [:]
            var element: Element? = start
            while let current = element, !isDone.contains(current), places[current] == nil {
                places[current] = path.count
                path.append(current)
                element = next(current)
            }
            if let last = element, let place = places[last] { circles.append(smallestFirst(path[place...])) }
            isDone.formUnion(path)
        }
        return circles.sorted { $0[0] < $1[0] }
    }

    private static func smallestFirst<Element: Comparable>(_ circle: ArraySlice<Element>) -> [Element] {
        let start = circle.indices.min { circle[$0] < circle[$1] } ?? circle.startIndex
        return Array(circle[start...] + circle[..<start])
    }
}
