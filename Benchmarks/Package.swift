// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "gmr-benchmarks",
    dependencies: [.package(name: "gmr", path: "..")],
    targets: [
        // Threads to be captured, the thread that watches for gaps, and the signal that captures nothing.
        .target(name: "BenchThreads", cSettings: [.define("_GNU_SOURCE")]),
        .target(
            name: "BenchService", dependencies: [.product(name: "GMRAgent", package: "gmr"), "BenchThreads"]),
        .executableTarget(name: "BenchTarget", dependencies: ["BenchService"]),
        // The same service with the standard library and Foundation inside: tens of megabytes of executable.
        .executableTarget(
            name: "BenchTargetStatic", dependencies: ["BenchService"],
            swiftSettings: [.unsafeFlags(["-static-stdlib"])], linkerSettings: [.unsafeFlags(["-static-stdlib"])]),
        // It starts the two: `swift run gmr-bench` is to build them too.
        .executableTarget(name: "gmr-bench", dependencies: ["BenchTarget", "BenchTargetStatic"]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu17
)
