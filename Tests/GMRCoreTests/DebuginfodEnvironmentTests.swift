import GMRCore
import Testing

@Suite struct DebuginfodEnvironmentTests {
    @Test func whatAFetcherNeedsIsTaken() {
        let environment = DebuginfodEnvironment(environment: [
            "DEBUGINFOD_URLS": "https://a.example https://b.example", "DEBUGINFOD_TIMEOUT": "5",
            "DEBUGINFOD_VERBOSE": "",
            "https_proxy": "proxy.example:3128", "HOME": "/home/orders", "PATH": "/opt/bin:.:/usr/bin",
            "LD_PRELOAD": "x.so",
            "DATABASE_PASSWORD": "correct horse",
        ])
        #expect(
            environment.entries == [
                "DEBUGINFOD_TIMEOUT=5", "DEBUGINFOD_URLS=https://a.example https://b.example", "HOME=/home/orders",
                "PATH=/opt/bin:.:/usr/bin", "https_proxy=proxy.example:3128",
            ])
        #expect(environment.namesServers)
        #expect(environment.searchPath == ["/opt/bin", "/usr/bin"])
    }

    @Test func withoutServersAndAPathThereAreDefaults() {
        let environment = DebuginfodEnvironment(environment: ["DEBUGINFOD_URLS": ""])
        #expect(environment.entries == [])
        #expect(!environment.namesServers)
        #expect(environment.searchPath == ["/usr/local/bin", "/usr/bin", "/bin"])
        #expect(environment.cacheDirectories == [])
    }

    @Test(arguments: [
        (["HOME": "/h"], ["/h/.debuginfod_client_cache", "/h/.cache/debuginfod_client"]),
        (["HOME": "/h", "XDG_CACHE_HOME": "/x"], ["/h/.debuginfod_client_cache", "/x/debuginfod_client"]),
        (["XDG_CACHE_HOME": "/x"], ["/x/debuginfod_client"]),
        (["HOME": "/h", "XDG_CACHE_HOME": "/x", "DEBUGINFOD_CACHE_PATH": "/c"], ["/c"]),
        (["HOME": "h", "DEBUGINFOD_CACHE_PATH": "c"], []),
    ])
    func theCacheIsWhereTheClientPutsIt(variables: [String: String], expected: [String]) {
        #expect(DebuginfodEnvironment(environment: variables).cacheDirectories == expected)
    }

    @Test func aValueThatWouldNotFitTheRecordIsLeftOut() {
        let long = String(repeating: "x", count: 20_000)
        #expect(DebuginfodEnvironment(environment: ["PATH": long, "HOME": "/h"]).entries == ["HOME=/h"])
    }

    @Test func itSurvivesTheWire() throws {
        let environment = DebuginfodEnvironment(environment: [
            "DEBUGINFOD_URLS": "https://a.example/?key=a=b", "HOME": "/home/ørders",
        ])
        #expect(try DebuginfodEnvironment(wireBytes: environment.wireBytes) == environment)
    }
}
