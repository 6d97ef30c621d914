// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import PackageDescription

/// Where a program finds libtorch when it runs.
let libraries = "\(Context.packageDirectory)/../../.libtorch/root/lib"

let package = Package(
    name: "TextTeacher",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "swift-dmd", path: "../.."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    ],
    targets: [
        .executableTarget(
            name: "TextTeacher",
            dependencies: [
                .product(name: "Torch", package: "swift-dmd"),
                .product(name: "Encoders", package: "swift-dmd"),
                .product(name: "Diffusion", package: "swift-dmd"),
                .product(name: "Models", package: "swift-dmd"),
                .product(name: "Training", package: "swift-dmd"),
                .product(name: "Images", package: "swift-dmd"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            linkerSettings: [.unsafeFlags(["-Xlinker", "-rpath", "-Xlinker", libraries])])
    ]
)
