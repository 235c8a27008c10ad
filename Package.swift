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

let package = Package(
    name: "gmr",
    products: [
        .library(name: "GMRAgent", targets: ["GMRAgent"]),
        .library(name: "GMRCore", targets: ["GMRCore"]),
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
        .target(name: "GMRAgent", dependencies: ["GMRCore", "CUnwindShim"]),
        .executableTarget(name: "OrderService", dependencies: ["GMRAgent"], path: "Examples/OrderService"),
        .testTarget(name: "GMRCoreTests", dependencies: ["GMRCore"], resources: [.copy("Golden")]),
        .testTarget(name: "GMRAgentTests", dependencies: ["GMRAgent"]),
        .testTarget(name: "CUnwindShimTests", dependencies: ["CUnwindShim"]),
        .target(name: "CHangZoo", path: "Tests/CHangZoo", cSettings: [.define("_GNU_SOURCE")]),
        .executableTarget(
            name: "HangZoo", dependencies: ["CHangZoo", "GMRAgent"], path: "Tests/HangZoo",
            swiftSettings: zooSettings),
        .testTarget(
            name: "HangZooTests", dependencies: ["HangZoo"], path: "Tests/HangZooTests",
            exclude: ["Plugins", "gdb_walk.py"]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu17
)
