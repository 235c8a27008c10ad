// swift-tools-version: 6.2
import PackageDescription

// A C target's `signal_safe/` code is checked by clang's function effect analysis; a violation is an error.
let functionEffectsAreErrors: [CSetting] = [
    .enableWarning("function-effects"),
    .treatWarning("function-effects", as: .error),
    .define("_GNU_SOURCE"),
]

// Tests/HangZoo: `[.define("ZOO_HAS_AGENT")]` starts GMR's agent in it and turns on the tests that need a report.
let zooSettings: [SwiftSetting] = [.define("ZOO_HAS_AGENT")]

/// What the traits bring; GMRAgent/Integrations is compiled by them.
let integrations: [Target.Dependency] = [
    .product(
        name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: .when(traits: ["ServiceLifecycle"])),
    .product(name: "Logging", package: "swift-log", condition: .when(traits: ["Logging"])),
    .product(name: "Metrics", package: "swift-metrics", condition: .when(traits: ["Metrics"])),
    .product(name: "Configuration", package: "swift-configuration", condition: .when(traits: ["Configuration"])),
    .product(name: "Yams", package: "Yams", condition: .when(traits: ["YAML"])),
    .product(name: "NIOCore", package: "swift-nio", condition: .when(traits: ["NIO"])),
]

let package = Package(
    name: "gmr",
    products: [
        .library(name: "GMRAgent", targets: ["GMRAgent"]),
        .library(name: "GMRCore", targets: ["GMRCore"]),
        // libgmr.so, for any program: `make preload` builds it with the linker's flags that it needs.
        .library(name: "GMRPreload", type: .dynamic, targets: ["GMRPreload"]),
        // The command line tool: `make tool` builds it with its trait.
        .executable(name: "gmr", targets: ["gmr"]),
    ],
    // Each brings its package along; without any of them GMR depends on no other package.
    traits: [
        .trait(name: "ServiceLifecycle", description: "GuruMeditationService for swift-service-lifecycle"),
        .trait(name: "Logging", description: "LoggerSink, which writes reports to swift-log"),
        .trait(name: "Metrics", description: "counts and times of reports for swift-metrics"),
        .trait(name: "Configuration", description: "settings and the Configuration section from swift-configuration"),
        .trait(name: "YAML", description: "the Configuration section from YAML and JSON files, by Yams"),
        .trait(name: "NIO", description: "heartbeats of the watchdog through swift-nio's event loops"),
        .trait(name: "Tool", description: "the command line tool gmr, which no service needs"),
        .trait(name: "TestPrograms", description: "packages that only the programs of the tests need"),
    ],
    dependencies: [
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.5.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.0.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.65.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.3.0"),
        .package(url: "https://github.com/apple/swift-async-algorithms", from: "1.0.0"),
    ],
    targets: [
        .systemLibrary(name: "CLibdw", pkgConfig: "libdw", providers: [.apt(["libdw-dev"])]),
        // Headers only: the library is loaded at set-up with RTLD_LOCAL, because linking it would let
        // libunwind.so take over the `_Unwind_*` functions of every C++ exception in the program.
        .systemLibrary(name: "CLibunwind", providers: [.apt(["libunwind-dev"])]),
        .target(
            name: "CUnwindShim", dependencies: ["CLibdw", "CLibunwind"], cSettings: functionEffectsAreErrors,
            linkerSettings: [.linkedLibrary("lzma")]),
        .target(name: "GMRCore"),
        .target(name: "GMRAgent", dependencies: ["GMRCore", "CUnwindShim"] + integrations),
        .target(name: "CGMRPreload", dependencies: ["CUnwindShim"], cSettings: [.define("_GNU_SOURCE")]),
        .target(name: "GMRPreload", dependencies: ["GMRAgent", "CGMRPreload"], exclude: ["gmr.pc", "libgmr.map"]),
        .executableTarget(
            name: "gmr",
            dependencies: [
                "GMRAgent",
                .product(
                    name: "ArgumentParser", package: "swift-argument-parser", condition: .when(traits: ["Tool"])),
            ]),
        .executableTarget(name: "OrderService", dependencies: ["GMRAgent"], path: "Examples/OrderService"),
        .testTarget(name: "GMRCoreTests", dependencies: ["GMRCore"], resources: [.copy("Golden")]),
        .testTarget(
            name: "GMRAgentTests",
            dependencies: [
                "GMRAgent", "ProcessKit",
                .product(name: "MetricsTestKit", package: "swift-metrics", condition: .when(traits: ["Metrics"])),
                .product(
                    name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle",
                    condition: .when(traits: ["ServiceLifecycle"])),
            ] + integrations),
        // What the articles and README.md show is compiled there, and compared with them.
        .testTarget(name: "CUnwindShimTests", dependencies: ["CUnwindShim"]),
        .target(name: "CHangZoo", path: "Tests/CHangZoo", cSettings: [.define("_GNU_SOURCE")]),
        .executableTarget(
            name: "HangZoo", dependencies: ["CHangZoo", "GMRAgent", "CUnwindShim"], path: "Tests/HangZoo",
            swiftSettings: zooSettings),
        // What tests of processes share, and programs that say when they are at rest.
        .target(name: "ZooKit", path: "Tests/ZooKit"),
        .target(name: "ProcessKit", dependencies: ["ZooKit"], path: "Tests/ProcessKit"),
        .testTarget(
            name: "HangZooTests", dependencies: ["HangZoo", "ProcessKit", "CUnwindShim"], path: "Tests/HangZooTests",
            exclude: ["Plugins", "gdb_walk.py"]),
        .target(name: "CLockZoo", path: "Tests/CLockZoo", cSettings: [.define("_GNU_SOURCE")]),
        .executableTarget(name: "LockZoo", dependencies: ["CLockZoo", "GMRAgent"], path: "Tests/LockZoo"),
        .testTarget(name: "LockZooTests", dependencies: ["LockZoo", "ProcessKit"]),
        .target(name: "CCrashZoo", path: "Tests/CCrashZoo", cSettings: [.define("_GNU_SOURCE")]),
        .executableTarget(
            name: "CrashZoo", dependencies: ["CCrashZoo", "GMRAgent", "GMRCore"], path: "Tests/CrashZoo"),
        .testTarget(
            name: "CrashZooTests", dependencies: ["CrashZoo", "GMRAgent", "gmr", "ProcessKit"],
            exclude: ["core_walk.py"]),
        // Linked so that reports say where each task was made; AsyncMain is not.
        .executableTarget(
            name: "TaskZoo",
            dependencies: [
                "GMRAgent", "ZooKit",
                .product(
                    name: "AsyncAlgorithms", package: "swift-async-algorithms",
                    condition: .when(traits: ["TestPrograms"])),
                .product(name: "NIOPosix", package: "swift-nio", condition: .when(traits: ["NIO"])),
            ], path: "Tests/TaskZoo",
            linkerSettings: [.unsafeFlags(["-Xlinker", "--wrap=swift_task_create"])]),
        .executableTarget(name: "AsyncMain", dependencies: ["GMRAgent", "ZooKit"], path: "Tests/AsyncMain"),
        .testTarget(
            name: "TaskZooTests", dependencies: ["TaskZoo", "AsyncMain", "ProcessKit"], exclude: ["Runtimes"]),
        .testTarget(name: "PreloadTests", dependencies: ["ProcessKit"], exclude: ["Programs"]),
        .executableTarget(name: "ReportService", dependencies: ["GMRAgent"], path: "Tests/ReportService"),
        .testTarget(
            name: "ToolTests", dependencies: ["gmr", "HangZoo", "ReportService", "ProcessKit"], exclude: ["Programs"]),
        .testTarget(name: "HelperTests", dependencies: ["gmr", "ReportService", "ProcessKit", "GMRCore"]),
        .testTarget(name: "ServiceTests", dependencies: ["ReportService", "ProcessKit", "GMRCore"]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu17,
    cxxLanguageStandard: .gnucxx20
)
