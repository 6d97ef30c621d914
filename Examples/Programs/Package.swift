// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import PackageDescription

/// Where a program finds libtorch when it runs.
let libraries = "\(Context.packageDirectory)/../../.libtorch/root/lib"

func program(_ name: String, of products: [String]) -> Target {
    .executableTarget(
        name: name, dependencies: products.map { .product(name: $0, package: "swift-dmd") },
        linkerSettings: [.unsafeFlags(["-Xlinker", "-rpath", "-Xlinker", libraries])])
}

let package = Package(
    name: "Programs",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "swift-dmd", path: "../..")],
    targets: [
        program("SampleImages", of: ["DMDKit"]),
        program(
            "DistilOwnNetwork",
            of: ["Torch", "Diffusion", "Models", "Training", "Distillation", "DMDKit"]),
        program("CompareFolders", of: ["DMDKit"]),
    ]
)
