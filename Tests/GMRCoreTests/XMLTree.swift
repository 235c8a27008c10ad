import Foundation
import FoundationXML

/// An element as Foundation's parser (libxml2) reads it.
struct XMLTree: Equatable {
    var name: String
    var attributes: [String: String] = [:]
    /// Of an element with children, what stands between them is left out.
    var text = ""
    var children: [XMLTree] = []

    /// The key that an element stands for; nil for an element of a list.
    var key: String? { name == "item" ? attributes["key"] : name }

    /// The root of a document; throws the parser's error where it is not well-formed.
    static func parse(_ document: String) throws -> XMLTree {
        let parser = XMLParser(data: Data(document.utf8))
        let builder = Builder()
        parser.delegate = builder
        guard parser.parse(), let root = builder.open.first?.children.first else {
            throw parser.parserError ?? CocoaError(.fileReadCorruptFile)
        }
        return root
    }

    private final class Builder: NSObject, XMLParserDelegate {
        /// From the document down to the innermost element that is open.
        var open = [XMLTree(name: "")]

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String]
        ) {
            open.append(XMLTree(name: name, attributes: attributes))
        }

        func parser(_ parser: XMLParser, foundCharacters text: String) {
            open[open.count - 1].text += text
        }

        func parser(
            _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
        ) {
            var element = open.removeLast()
            if !element.children.isEmpty { element.text = "" }
            open[open.count - 1].children.append(element)
        }
    }
}
