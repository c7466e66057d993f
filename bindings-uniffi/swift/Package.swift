// swift-tools-version: 5.9
import PackageDescription

// build-xcframework.sh makes DriftMgrFFI.xcframework and Sources/DriftMgr/driftmgr.swift; without them there is nothing to build.
let package = Package(
    name: "DriftMgr",
    platforms: [.macOS(.v13), .iOS(.v16)],
    products: [
        .library(name: "DriftMgr", targets: ["DriftMgr"])
    ],
    targets: [
        .binaryTarget(name: "DriftMgrFFI", path: "DriftMgrFFI.xcframework"),
        .target(name: "DriftMgr", dependencies: ["DriftMgrFFI"], path: "Sources/DriftMgr"),
    ]
)
