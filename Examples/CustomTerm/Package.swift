// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import PackageDescription

/// Where a program finds libtorch when it runs.
let libraries = "\(Context.packageDirectory)/../../.libtorch/root/lib"

let package = Package(
    name: "CustomTerm",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "swift-dmd", path: "../..")],
    targets: [
        .executableTarget(
            name: "CustomTerm",
            dependencies: [
                .product(name: "Torch", package: "swift-dmd"),
                .product(name: "Diffusion", package: "swift-dmd"),
                .product(name: "Models", package: "swift-dmd"),
                .product(name: "Training", package: "swift-dmd"),
                .product(name: "Distillation", package: "swift-dmd"),
            ],
            linkerSettings: [.unsafeFlags(["-Xlinker", "-rpath", "-Xlinker", libraries])])
    ]
)
