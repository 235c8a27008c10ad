/// What a debuginfod client reads in the environment, as it was at set-up: a helper process has no environment.
///
/// Names and defaults are those of debuginfod-client-config(7).
public struct DebuginfodEnvironment: Sendable, Equatable {
    /// What `debuginfod-find` needs: servers and cache, proxies and certificates, and how it is found.
    public let variables: [String: String]

    /// Takes what is of use from a whole environment. A relative cache path is not: whoever fetches runs in `/`.
    public init(environment: [String: String]) {
        variables = environment.filter { name, value in
            guard !value.isEmpty, value.utf8.count <= Self.longestValue else { return false }
            if name == Self.cachePath { return value.hasPrefix("/") }
            return name.hasPrefix("DEBUGINFOD_") || Self.names.contains(name)
        }
    }

    /// Where files lie as `BUILDID/debuginfo`. Without a path that is set the client uses the first one if it exists.
    public var cacheDirectories: [String] {
        if let path = variables[Self.cachePath] { return [path] }
        let home = variables["HOME"]
        let xdg = variables["XDG_CACHE_HOME"] ?? home.map { $0 + "/.cache" }
        return [home.map { $0 + "/.debuginfod_client_cache" }, xdg.map { $0 + "/debuginfod_client" }]
            .compactMap { $0 }.filter { $0.hasPrefix("/") }
    }

    /// Whether there is anybody to ask.
    public var namesServers: Bool { variables["DEBUGINFOD_URLS"] != nil }

    /// Directories with programs.
    public var searchPath: [String] {
        (variables["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":").map(String.init)
            .filter { $0.hasPrefix("/") }
    }

    /// `NAME=value`, sorted.
    public var entries: [String] { variables.map { "\($0)=\($1)" }.sorted() }

    private static let cachePath = "DEBUGINFOD_CACHE_PATH"
    /// The set-up record has to hold it.
    private static let longestValue = 16 << 10
    private static let names: Set<String> = [
        "ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy", "http_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_DIR",
        "SSL_CERT_FILE", "HOME", "XDG_CACHE_HOME", "PATH",
    ]
}

extension DebuginfodEnvironment: WireCodable {
    /// The entries.
    public func encode(to writer: inout WireWriter) {
        writer.write(entries)
    }

    /// Whatever `encode` did not write is left out.
    public init(from reader: inout WireReader) throws(WireError) {
        let pairs = try reader.readStrings().compactMap { entry in
            entry.firstIndex(of: "=").map { (String(entry[..<$0]), String(entry[entry.index(after: $0)...])) }
        }
        self.init(environment: Dictionary(pairs) { first, _ in first })
    }
}
