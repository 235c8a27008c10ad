// swift-tools-version: 6.2
import PackageDescription

// The folder's name is the package's identity: "Hummingbird" would be taken for the framework.
let package = Package(
    name: "gmr-hummingbird-service",
    dependencies: [
        .package(name: "gmr", path: "../..", traits: ["ServiceLifecycle"]),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
    ],
    targets: [
        .executableTarget(
            name: "Orders",
            dependencies: [
                .product(name: "GMRAgent", package: "gmr"), .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Sources")
    ],
    swiftLanguageModes: [.v6]
)
