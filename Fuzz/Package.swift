// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import PackageDescription

let runPath: [LinkerSetting] = [
    .unsafeFlags(["-Xlinker", "-rpath", "-Xlinker", "\(Context.packageDirectory)/../.libtorch/root/lib"])
]

/// The harness of a reader, which lies in libraries of the package above.
func harness(_ name: String, of libraries: [String]) -> Target {
    .executableTarget(
        name: name,
        dependencies: ["Scratch"] + libraries.map { .product(name: $0, package: "swift-dmd") },
        swiftSettings: [.unsafeFlags(["-parse-as-library"])], linkerSettings: runPath)
}

let package = Package(
    name: "Fuzz",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "swift-dmd", path: "..")],
    targets: [
        .target(name: "Scratch"),
        harness("FuzzArchives", of: ["Archives"]),
        harness("FuzzDatasets", of: ["Images"]),
        harness("FuzzImages", of: ["Images"]),
        harness("FuzzPickle", of: ["Archives"]),
        harness("FuzzRecipe", of: ["Training", "Distillation", "DMDKit"]),
        harness("FuzzRun", of: ["Training"]),
        harness("FuzzSafetensors", of: ["Torch", "Weights"]),
        harness("FuzzTexts", of: ["Encoders"]),
        harness("FuzzWeights", of: ["Weights"]),
    ]
)
