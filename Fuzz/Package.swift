// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import PackageDescription

let runPath: [LinkerSetting] = [
    .unsafeFlags(["-Xlinker", "-rpath", "-Xlinker", "\(Context.packageDirectory)/../.libtorch/root/lib"])
]

let package = Package(
    name: "Fuzz",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "swift-dmd", path: "..")],
    targets: [
        .executableTarget(
            name: "FuzzPickle", dependencies: [.product(name: "Archives", package: "swift-dmd")],
            swiftSettings: [.unsafeFlags(["-parse-as-library"])]),
        .executableTarget(
            name: "FuzzWeights", dependencies: [.product(name: "Conversion", package: "swift-dmd")],
            swiftSettings: [.unsafeFlags(["-parse-as-library"])], linkerSettings: runPath),
    ]
)
