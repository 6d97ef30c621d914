// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import PackageDescription

/// A path to a `.pc` file, or the name of one on PKG_CONFIG_PATH. `scripts/setup` writes the default.
let libtorch = Context.environment["LIBTORCH_PC"] ?? "\(Context.packageDirectory)/.libtorch/libtorch.pc"

/// Only programs and tests carry a run path: library products stay free of unsafe flags.
let runPath: [LinkerSetting] = [
    .unsafeFlags(["-Xlinker", "-rpath", "-Xlinker", "\(Context.packageDirectory)/.libtorch/root/lib"])
]

let continuousIntegration = Context.environment["CI"] != nil

let swift: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ] + (continuousIntegration ? [.treatAllWarnings(as: .error)] : [])

let collections = Target.Dependency.product(name: "OrderedCollections", package: "swift-collections")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

/// A library of this package; `Package.swift` lists them in the order of the dependency chain.
func library(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: swift)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: dependencies + ["TestSupport"], swiftSettings: swift,
        linkerSettings: runPath)
}

let package = Package(
    name: "swift-dmd",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Torch", targets: ["Torch"]),
        .library(name: "Text", targets: ["Text"]),
        .library(name: "Diffusion", targets: ["Diffusion"]),
        .library(name: "Training", targets: ["Training"]),
        .library(name: "Distillation", targets: ["Distillation"]),
        .library(name: "Metrics", targets: ["Metrics"]),
        .library(name: "Archives", targets: ["Archives"]),
        .library(name: "Conversion", targets: ["Conversion"]),
        .library(name: "Images", targets: ["Images"]),
        .executable(name: "dmd", targets: ["dmd"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .systemLibrary(name: "LibTorch", pkgConfig: libtorch),
        .systemLibrary(
            name: "LibPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
        .systemLibrary(
            name: "LibJPEG", pkgConfig: "libjpeg",
            providers: [.apt(["libjpeg62-turbo-dev"]), .brew(["jpeg-turbo"])]),
        .systemLibrary(
            name: "LibZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"]), .brew(["libzip"])]),

        .target(name: "CTorch", dependencies: ["LibTorch"]),
        .target(name: "CArchives", dependencies: ["LibZip"]),
        .target(name: "CImages", dependencies: ["LibPNG", "LibJPEG"]),
        library("Archives", ["CArchives"]),
        library("Torch", ["CTorch", collections, .product(name: "Crypto", package: "swift-crypto")]),
        library("Text", ["Torch", collections]),
        library("Diffusion", ["Torch", "Text", collections]),
        library(
            "Training",
            [
                "Torch", "Diffusion", "Yams", collections, logging,
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ], exclude: ["Events/event.proto"]),
        library("Distillation", ["Torch", "Diffusion", "Training", collections, logging]),
        library("Metrics", ["Torch", "Text", "Archives", collections]),
        library("Conversion", ["Torch", "Archives", collections]),
        library("Images", ["Torch", "Archives", "CImages", logging]),
        .executableTarget(
            name: "dmd",
            dependencies: [
                "Torch", "Text", "Diffusion", "Training", "Distillation", "Metrics", "Images", "Conversion",
                logging, collections,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            resources: [.copy("Resources")], swiftSettings: swift, linkerSettings: runPath),

        .target(
            name: "TestSupport", dependencies: ["Torch", "Diffusion", collections], path: "Tests/TestSupport",
            swiftSettings: swift),
        tests("Torch", ["Torch", collections]),
        tests("Text", ["Torch", "Text", collections]),
        tests("Diffusion", ["Torch", "Text", "Diffusion", collections]),
        tests("Training", ["Torch", "Diffusion", "Training", collections]),
        tests("Distillation", ["Torch", "Diffusion", "Training", "Distillation", collections]),
        tests("Metrics", ["Torch", "Archives", "Metrics", collections]),
        tests("Archives", ["Archives"]),
        tests("Conversion", ["Torch", "Archives", "Conversion", collections]),
        tests("Images", ["Torch", "Images"]),
        tests("Command", ["Torch", "Diffusion", "Distillation", "Images", "dmd"]),
    ],
    cxxLanguageStandard: .cxx20
)
